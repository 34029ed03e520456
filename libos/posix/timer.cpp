// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// setitimer() and what the C library builds on it (alarm, ualarm): the timer
// that counts real time. It needs Xen: bare QEMU has nothing that interrupts.
#include "libos/posix/posix.h"
#include "libos/posix/signal.h"
#include "libos/threads/timers.h"
#include "libos/time/time.h"

using namespace ampoule;
using namespace ampoule::posix;

namespace {

struct Interval { // struct itimerval
  struct {
    std::int64_t seconds, microseconds;
  } interval, value;
};

constexpr long kReal = 0; // ITIMER_REAL
constexpr std::uint64_t kMicrosecond = 1000;
/// An interval too short for the machine must not stop the program.
constexpr std::uint64_t kShortest = 20 * kMicrosecond;

constinit threads::Timer alarm = {};
constinit std::uint64_t period = 0; // nanoseconds

void onExpiry(threads::Timer &) {
  postSignal({.signal = kSigAlarm, .code = kFromKernel});
  if (period == 0)
    return;
  std::uint64_t earliest = time::monotonic() + kShortest;
  std::uint64_t next = alarm.deadline + period;
  threads::set(alarm, next < earliest ? earliest : next);
}

template <typename Value> std::uint64_t inNanoseconds(const Value &value) {
  return static_cast<std::uint64_t>(value.seconds) * kNanosecondsPerSecond +
         static_cast<std::uint64_t>(value.microseconds) * kMicrosecond;
}

template <typename Value> bool isInRange(const Value &value) {
  return value.seconds >= 0 && value.microseconds >= 0 &&
         value.microseconds < 1'000'000;
}

template <typename Value> void assign(Value &value, std::uint64_t time) {
  value.seconds = static_cast<std::int64_t>(time / kNanosecondsPerSecond);
  value.microseconds =
      static_cast<std::int64_t>(time % kNanosecondsPerSecond / kMicrosecond);
}

void readTimer(Interval &result) {
  std::uint64_t now = time::monotonic();
  assign(result.interval, period);
  assign(result.value,
         alarm.isSet && alarm.deadline > now ? alarm.deadline - now : 0);
}

} // namespace

AMPOULE_SYSCALL(getitimer, long which, Interval *result) {
  if (which != kReal)
    return -kInvalid;
  readTimer(*result);
  return 0;
}

AMPOULE_SYSCALL(setitimer, long which, const Interval *next, Interval *old) {
  if (which != kReal || !isInRange(next->interval) || !isInRange(next->value))
    return -kInvalid;
  Interval wanted = *next; // `old` may be the same
  if (old)
    readTimer(*old);
  threads::cancel(alarm);
  period = inNanoseconds(wanted.interval);
  std::uint64_t first = inNanoseconds(wanted.value);
  if (first == 0)
    return 0;
  if (!threads::interruptForTimers())
    return -kNoSuchCall;
  alarm.expire = onExpiry;
  threads::set(alarm, later(time::monotonic(), first));
  return 0;
}
