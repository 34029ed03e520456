// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "libos/posix/posix.h"
#include "libos/time/time.h"

using namespace ampoule;
using namespace ampoule::posix;

namespace {

constexpr long kRealtime = 0, kRealtimeCoarse = 5, kTai = 11, kLastClock = 11;

std::uint64_t now(long clock) {
  bool isReal = clock == kRealtime || clock == kRealtimeCoarse || clock == kTai;
  return isReal ? time::real() : time::monotonic();
}

std::uint64_t nanoseconds(const TimeSpec &time) {
  return static_cast<std::uint64_t>(time.seconds) * kNanosecondsPerSecond +
         static_cast<std::uint64_t>(time.nanoseconds);
}

bool isValid(const TimeSpec &time) {
  return time.seconds >= 0 && time.nanoseconds >= 0 &&
         time.nanoseconds < static_cast<long>(kNanosecondsPerSecond);
}

} // namespace

AMPOULE_SYSCALL(clock_gettime, long clock, TimeSpec *result) {
  if (clock < 0 || clock > kLastClock)
    return -kInvalid;
  std::uint64_t value = now(clock);
  *result = {static_cast<std::int64_t>(value / kNanosecondsPerSecond),
             static_cast<std::int64_t>(value % kNanosecondsPerSecond)};
  return 0;
}

AMPOULE_SYSCALL(clock_getres, long clock, TimeSpec *result) {
  if (clock < 0 || clock > kLastClock)
    return -kInvalid;
  if (result)
    *result = {0, 1};
  return 0;
}

AMPOULE_SYSCALL(nanosleep, const TimeSpec *duration) {
  if (!isValid(*duration))
    return -kInvalid;
  time::sleepUntil(time::monotonic() + nanoseconds(*duration));
  return 0;
}

AMPOULE_SYSCALL(clock_nanosleep, long clock, long flags, const TimeSpec *when) {
  constexpr long kAbsolute = 1; // TIMER_ABSTIME
  if (clock < 0 || clock > kLastClock || !isValid(*when))
    return -kInvalid;
  std::uint64_t target = nanoseconds(*when), current = now(clock);
  if (flags & kAbsolute)
    target = target > current ? target - current : 0;
  time::sleepUntil(time::monotonic() + target);
  return 0;
}
