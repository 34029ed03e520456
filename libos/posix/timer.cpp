// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// setitimer() and what the C library builds on it (alarm, ualarm): the timer
// that counts real time. It needs Xen: bare QEMU has nothing that interrupts.
#include "libos/events/events.h"
#include "libos/posix/posix.h"
#include "libos/posix/signal.h"
#include "libos/time/timer.h"
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

constinit std::uint64_t expiry = 0, period = 0; // nanoseconds

void onExpiry() {
  postSignal(kSigAlarm);
  if (period == 0) {
    expiry = 0;
    return;
  }
  std::uint64_t earliest = time::monotonic() + kShortest;
  expiry += period;
  if (expiry < earliest)
    expiry = earliest;
  time::setTimer(expiry, onExpiry);
}

/// Handlers of the program run with upcalls on, like the program.
void deliverAfterUpcall() {
  if (!isSignalReady())
    return;
  events::enable();
  deliverLateSignals();
  events::disable();
}

template <typename Value> std::uint64_t nanoseconds(const Value &value) {
  return static_cast<std::uint64_t>(value.seconds) * kNanosecondsPerSecond +
         static_cast<std::uint64_t>(value.microseconds) * kMicrosecond;
}

template <typename Value> bool isValid(const Value &value) {
  return value.seconds >= 0 && value.microseconds >= 0 &&
         value.microseconds < 1'000'000;
}

template <typename Value> void assign(Value &value, std::uint64_t time) {
  value.seconds = static_cast<std::int64_t>(time / kNanosecondsPerSecond);
  value.microseconds = static_cast<std::int64_t>(time % kNanosecondsPerSecond /
                                                 kMicrosecond);
}

void readTimer(Interval &result) {
  std::uint64_t now = time::monotonic();
  assign(result.interval, period);
  assign(result.value, expiry > now ? expiry - now : 0);
}

} // namespace

AMPOULE_SYSCALL(getitimer, long which, Interval *result) {
  if (which != kReal)
    return -kInvalid;
  readTimer(*result);
  return 0;
}

AMPOULE_SYSCALL(setitimer, long which, const Interval *next, Interval *old) {
  if (which != kReal || !isValid(next->interval) || !isValid(next->value))
    return -kInvalid;
  if (old)
    readTimer(*old);
  time::setTimer(0, onExpiry);
  expiry = nanoseconds(next->value);
  period = nanoseconds(next->interval);
  if (expiry == 0)
    return 0;
  expiry += time::monotonic();
  events::setTail(deliverAfterUpcall);
  return time::setTimer(expiry, onExpiry) ? 0 : -kNoSuchCall;
}
