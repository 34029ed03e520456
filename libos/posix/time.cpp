// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "libos/posix/posix.h"
#include "libos/threads/threads.h"
#include "libos/time/time.h"

using namespace ampoule;
using namespace ampoule::posix;

namespace {

constexpr long kRealtime = 0, kRealtimeCoarse = 5, kTai = 11, kLastClock = 11;

std::uint64_t now(long clock) {
  bool isReal = clock == kRealtime || clock == kRealtimeCoarse || clock == kTai;
  return isReal ? time::real() : time::monotonic();
}

TimeSpec toTimeSpec(std::uint64_t time) {
  return {static_cast<std::int64_t>(time / kNanosecondsPerSecond),
          static_cast<std::int64_t>(time % kNanosecondsPerSecond)};
}

} // namespace

AMPOULE_SYSCALL(clock_gettime, long clock, TimeSpec *result) {
  if (clock < 0 || clock > kLastClock)
    return -kInvalid;
  *result = toTimeSpec(now(clock));
  return 0;
}

AMPOULE_SYSCALL(gettimeofday, std::int64_t *result) {
  std::uint64_t time = time::real();
  result[0] = static_cast<std::int64_t>(time / kNanosecondsPerSecond);
  result[1] = static_cast<std::int64_t>(time % kNanosecondsPerSecond / 1000);
  return 0;
}

AMPOULE_SYSCALL(clock_getres, long clock, TimeSpec *result) {
  if (clock < 0 || clock > kLastClock)
    return -kInvalid;
  if (result)
    *result = {0, 1};
  return 0;
}

/// -EINTR: a signal came; `left`, if given, is what was not slept.
static long sleepFor(std::uint64_t duration, TimeSpec *left) {
  std::uint64_t deadline = later(time::monotonic(), duration);
  threads::Queue nobody;
  if (threads::wait(nobody, deadline) == threads::Outcome::TimedOut)
    return 0;
  std::uint64_t current = time::monotonic();
  if (left)
    *left = toTimeSpec(deadline > current ? deadline - current : 0);
  return -kInterrupted;
}

AMPOULE_SYSCALL(nanosleep, const TimeSpec *duration, TimeSpec *left) {
  if (!isValid(*duration))
    return -kInvalid;
  return sleepFor(nanoseconds(*duration), left);
}

AMPOULE_SYSCALL(clock_nanosleep, long clock, long flags, const TimeSpec *when,
                TimeSpec *left) {
  constexpr long kAbsolute = 1; // TIMER_ABSTIME
  if (clock < 0 || clock > kLastClock || !isValid(*when))
    return -kInvalid;
  std::uint64_t target = nanoseconds(*when);
  if (!(flags & kAbsolute))
    return sleepFor(target, left);
  std::uint64_t current = now(clock);
  return sleepFor(target > current ? target - current : 0, nullptr);
}
