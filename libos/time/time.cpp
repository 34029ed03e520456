// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Xen: the time stamp counter scaled by what Xen publishes in shared_info
// (xen/include/public/xen.h, struct vcpu_time_info), plus its wall clock. Bare
// QEMU: the counter calibrated against the timer chip (8254), which
// takes the first caller 10 ms, and the real-time clock's date; sleeping is
// busy there.
#include "libos/time/time.h"

#include "libos/abi/module.h"
#include "libos/panic/panic.h"
#include "libos/xen/xen.h"

namespace ampoule::time {
namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;

// Direct: nanoseconds = ticks * nanosecondsPerTick >> 32; zero until needed.
constinit std::uint64_t nanosecondsPerTick = 0;
constinit std::uint64_t realOffset = 0;

std::uint64_t ticks() {
  std::uint32_t low, high;
  asm volatile("rdtsc" : "=a"(low), "=d"(high));
  return std::uint64_t{high} << 32 | low;
}

std::uint64_t scale(std::uint64_t value, std::uint64_t factor) {
  return static_cast<std::uint64_t>(
      static_cast<unsigned __int128>(value) * factor >> 32);
}

void out(std::uint16_t port, std::uint8_t value) {
  asm volatile("outb %b0, %w1" ::"a"(value), "Nd"(port));
}

std::uint8_t in(std::uint16_t port) {
  std::uint8_t value;
  asm volatile("inb %w1, %b0" : "=a"(value) : "Nd"(port));
  return value;
}

/// Timer chip 8254, channel 0: what is left of a count that starts at 0x10000.
unsigned timerCount() {
  out(0x43, 0x00); // latch
  unsigned low = in(0x40);
  return low | in(0x40) << 8;
}

/// Looks how far the counter goes in 10 ms. (CPUID leaf 0x15 would tell at
/// once, but QEMU's processors do not have it.)
void calibrate() {
  constexpr unsigned kFrequency = 1193182, kWait = kFrequency / 100;
  out(0x43, 0x34); // both bytes, mode 2
  out(0x40, 0);
  out(0x40, 0);
  std::uint64_t start = ticks();
  unsigned first = timerCount(), passed;
  do {
    passed = (first - timerCount()) & 0xffff;
    // Without a chip the ports read as ones, and never change.
    if (passed == 0 && ticks() - start > kSecond)
      panic::panic("no timer: neither Xen nor an 8254");
  } while (passed < kWait);
  std::uint64_t elapsed = ticks() - start;
  nanosecondsPerTick = ((static_cast<unsigned __int128>(passed) * kSecond /
                         kFrequency) << 32) / elapsed;
}

unsigned clockRegister(std::uint8_t index) {
  out(0x70, index);
  unsigned value = in(0x71);
  return (value >> 4) * 10 + (value & 15); // binary-coded decimal
}

/// Days from 1970-01-01 (H. Hinnant, "chrono-compatible low-level date
/// algorithms", days_from_civil), for years from 2000.
std::uint64_t daysSinceEpoch(unsigned year, unsigned month, unsigned day) {
  year -= month <= 2;
  unsigned era = year / 400, yearOfEra = year % 400;
  unsigned dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  unsigned dayOfEra =
      yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear;
  return std::uint64_t{era} * 146097 + dayOfEra - 719468;
}

void readClock() {
  out(0x70, 0x0a);
  while (in(0x71) & 0x80) // update in progress
    out(0x70, 0x0a);
  std::uint64_t days = daysSinceEpoch(2000 + clockRegister(9),
                                      clockRegister(8), clockRegister(7));
  std::uint64_t seconds = clockRegister(4) * 3600 + clockRegister(2) * 60 +
                          clockRegister(0);
  realOffset = (days * 86400 + seconds) * kSecond - monotonic();
}

} // namespace

std::uint64_t monotonic() {
  if (!xen::isPresent()) {
    if (nanosecondsPerTick == 0)
      calibrate();
    return scale(ticks(), nanosecondsPerTick);
  }
  const vcpu_time_info &info = xen::sharedInfo().vcpu_info[0].time;
  while (true) {
    std::uint32_t version = __atomic_load_n(&info.version, __ATOMIC_ACQUIRE);
    std::uint64_t delta = ticks() - info.tsc_timestamp;
    delta = info.tsc_shift < 0 ? delta >> -info.tsc_shift
                               : delta << info.tsc_shift;
    std::uint64_t now = info.system_time + scale(delta, info.tsc_to_system_mul);
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    if (!(version & 1) &&
        version == __atomic_load_n(&info.version, __ATOMIC_RELAXED))
      return now;
  }
}

std::uint64_t real() {
  if (!xen::isPresent()) {
    if (realOffset == 0)
      readClock();
    return monotonic() + realOffset;
  }
  const shared_info_t &shared = xen::sharedInfo();
  while (true) {
    std::uint32_t version = __atomic_load_n(&shared.wc_version,
                                            __ATOMIC_ACQUIRE);
    std::uint64_t start =
        (std::uint64_t{shared.wc_sec_hi} << 32 | shared.wc_sec) * kSecond +
        shared.wc_nsec;
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    if (!(version & 1) &&
        version == __atomic_load_n(&shared.wc_version, __ATOMIC_RELAXED))
      return start + monotonic();
  }
}

bool sleepUntil(std::uint64_t deadline) {
  if (xen::isPresent()) {
    if (monotonic() < deadline)
      xen::poll(0, deadline);
    return monotonic() >= deadline;
  }
  while (monotonic() < deadline)
    asm volatile("pause");
  return true;
}

} // namespace ampoule::time

AMPOULE_MODULE(time, nullptr, xen);
