// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Xen: the time stamp counter scaled by what Xen publishes in shared_info
// (xen/include/public/xen.h, struct vcpu_time_info), plus its wall clock. Bare
// QEMU: the counter calibrated against the timer chip (8254, channel 2), and
// the real-time clock's date; sleeping is busy there.
#include "libos/time/time.h"

#include "libos/abi/module.h"
#include "libos/xen/xen.h"
#include "xen-boot/abi/handoff.h"

namespace ampoule::time {
namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;

constinit bool onXen = false;
// Direct: nanoseconds = ticks * nanosecondsPerTick >> 32.
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

/// Lets channel 2 count down 10 ms and looks how far the counter went.
void calibrate() {
  constexpr unsigned kFrequency = 1193182, kCount = kFrequency / 100;
  out(0x61, (in(0x61) & ~2) | 1);
  out(0x43, 0xb0); // channel 2, both bytes, mode 0
  out(0x42, kCount & 0xff);
  out(0x42, kCount >> 8);
  std::uint64_t start = ticks();
  while (!(in(0x61) & 0x20))
    ;
  std::uint64_t elapsed = ticks() - start;
  nanosecondsPerTick =
      ((static_cast<unsigned __int128>(kSecond) / 100) << 32) / elapsed;
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

void init(const abi::Handoff &handoff) {
  onXen = handoff.mode != abi::Mode::Direct;
  if (onXen)
    return;
  calibrate();
  readClock();
}

} // namespace

std::uint64_t monotonic() {
  if (!onXen)
    return scale(ticks(), nanosecondsPerTick);
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
  if (!onXen)
    return monotonic() + realOffset;
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
  if (onXen) {
    if (monotonic() < deadline)
      xen::poll(0, deadline);
    return monotonic() >= deadline;
  }
  while (monotonic() < deadline)
    asm volatile("pause");
  return true;
}

} // namespace ampoule::time

AMPOULE_MODULE(time, &ampoule::time::init, xen);
