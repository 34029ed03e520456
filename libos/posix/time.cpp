// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "libos/time/time.h"
#include "libos/posix/clock.h"
#include "libos/threads/threads.h"

using namespace ampoule;
using namespace ampoule::posix;

namespace {

enum : long { // CLOCK_REALTIME, …
  kRealtime = 0,
  kProgram = 2,
  kThread = 3,
  kRealtimeCoarse = 5,
  kRealtimeAlarm = 8,
  kSgi = 10, // there is none
  kTai = 11,
};

/// A thread's clock from pthread_getcpuclockid(), or the program's: a number of
/// a task, inverted, and three bits for what is counted (2 and 6: all time).
bool readTaskClock(long clock, std::uint64_t &now) {
  constexpr long kOfThread = 4;
  long task = ~(clock >> 3);
  if (!(clock & kOfThread)) {
    now = threads::ampoule_cpu_time(nullptr);
    return task <= 1;
  }
  for (threads::Thread *at = threads::newestThread(); at; at = at->nextOfAll)
    if (at->id == task || (task == 0 && at == &threads::self())) {
      now = threads::ampoule_cpu_time(at);
      return true;
    }
  return false;
}

} // namespace

bool posix::countsCpuTime(long clock) {
  return clock < 0 || clock == kProgram || clock == kThread;
}

[[gnu::always_inline]] bool posix::readClock(long clock, std::uint64_t &now) {
  if (clock > kTai || clock == kSgi)
    return false;
  if (clock < 0)
    return readTaskClock(clock, now);
  if (clock == kProgram || clock == kThread)
    now = threads::ampoule_cpu_time(clock == kProgram ? nullptr
                                                      : &threads::self());
  else
    now = clock == kRealtime || clock == kRealtimeCoarse ||
                  clock == kRealtimeAlarm || clock == kTai
              ? time::real()
              : time::monotonic();
  return true;
}

AMPOULE_SYSCALL(clock_gettime, long clock, TimeSpec *result) {
  std::uint64_t now;
  if (!readClock(clock, now))
    return -kInvalid;
  *result = toTimeSpec(now);
  return 0;
}

AMPOULE_SYSCALL(gettimeofday, std::int64_t *result) {
  std::uint64_t time = time::real();
  result[0] = static_cast<std::int64_t>(time / kNanosecondsPerSecond);
  result[1] = static_cast<std::int64_t>(time % kNanosecondsPerSecond / 1000);
  return 0;
}

AMPOULE_SYSCALL(clock_getres, long clock, TimeSpec *result) {
  std::uint64_t now;
  if (!readClock(clock, now))
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
  std::uint64_t current;
  if (!readClock(clock, current) || !isValid(*when))
    return -kInvalid;
  if (countsCpuTime(clock))
    return -kNotSupported;
  std::uint64_t target = nanoseconds(*when);
  if (!(flags & kAbsolute))
    return sleepFor(target, left);
  return sleepFor(target > current ? target - current : 0, nullptr);
}
