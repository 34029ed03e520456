// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Timers that send signals: setitimer() and what the C library builds on it
// (alarm, ualarm), and timer_create(). They need Xen: bare QEMU has nothing
// that interrupts. A timer of a CPU clock, which stands still at times, looks
// again when it could have run out at the earliest.
#include "libos/memory/objects.h"
#include "libos/posix/action.h"
#include "libos/posix/clock.h"
#include "libos/threads/timers.h"
#include "libos/time/time.h"

using namespace ampoule;
using namespace ampoule::posix;

namespace {

/// An interval too short for the machine must not stop the program.
constexpr std::uint64_t kShortest = 20'000;

struct Alarm {
  threads::Timer timer;
  long clock = 0;
  std::uint64_t deadline = 0; ///< of the clock
  std::uint64_t period = 0;
  /// One that nobody has taken yet is not sent again, but counted.
  std::uint64_t overruns = 0, takenOverruns = 0;
  bool isPending = false;
  bool sends = true;
  int thread = 0; ///< the only one to take it; 0: any
  SignalInfo info;
  int id = 0;
  Alarm *next = nullptr;
};

std::uint64_t now(const Alarm &alarm) {
  std::uint64_t now = 0;
  readClock(alarm.clock, now);
  return now;
}

void arm(Alarm &alarm, std::uint64_t distance) {
  threads::set(alarm.timer, later(time::monotonic(), distance));
}

threads::Thread *threadOf(const Alarm &alarm) {
  threads::Thread *at = threads::newestThread();
  while (at && at->id != alarm.thread)
    at = at->nextOfAll;
  return at;
}

void send(Alarm &alarm, std::uint64_t missed) {
  threads::Thread *target = threadOf(alarm);
  if (!alarm.sends || (alarm.thread && !target))
    return;
  if (alarm.isPending) {
    alarm.overruns += missed + 1;
    return;
  }
  alarm.overruns = missed;
  const std::uint64_t &pending =
      target ? target->pendingSignals : threads::pendingSignals;
  alarm.isPending = postSignal(alarm.info, target) && alarm.id &&
                    pending & bit(alarm.info.signal);
}

void onExpiry(threads::Timer &timer) {
  Alarm &alarm = *static_cast<Alarm *>(timer.owner);
  std::uint64_t current = now(alarm), missed = 0;
  if (current < alarm.deadline)
    return arm(alarm, alarm.deadline - current);
  if (alarm.period) {
    missed = (current - alarm.deadline) / alarm.period;
    alarm.deadline += (missed + 1) * alarm.period;
    std::uint64_t distance = alarm.deadline - current;
    arm(alarm, distance < kShortest ? kShortest : distance);
  }
  send(alarm, missed);
}

/// `value` 0: never.
long setAlarm(Alarm &alarm, std::uint64_t value, std::uint64_t period,
              bool isAbsolute) {
  threads::cancel(alarm.timer);
  alarm.period = period;
  if (value == 0)
    return 0;
  if (alarm.sends && !threads::interruptForTimers())
    return -kNoSuchCall;
  std::uint64_t current = now(alarm);
  alarm.deadline = isAbsolute ? value : later(current, value);
  alarm.timer.expire = onExpiry;
  alarm.timer.owner = &alarm;
  arm(alarm, alarm.deadline > current ? alarm.deadline - current : 0);
  return 0;
}

/// At least a nanosecond, as long as it is to come.
std::uint64_t timeLeft(const Alarm &alarm) {
  if (!alarm.timer.isSet)
    return 0;
  std::uint64_t current = now(alarm);
  return alarm.deadline > current ? alarm.deadline - current : 1;
}

// setitimer()

constexpr std::uint64_t kMicrosecond = 1000;

struct Microseconds { // struct timeval
  std::int64_t seconds, microseconds;

  bool isInRange() const {
    return seconds >= 0 && microseconds >= 0 && microseconds < 1'000'000;
  }
  std::uint64_t inNanoseconds() const {
    return nanoseconds(
        {seconds, microseconds * static_cast<long>(kMicrosecond)});
  }
  void assign(std::uint64_t time) {
    seconds = static_cast<std::int64_t>(time / kNanosecondsPerSecond);
    microseconds =
        static_cast<std::int64_t>(time % kNanosecondsPerSecond / kMicrosecond);
  }
};
struct Interval { // struct itimerval
  Microseconds interval, value;
};

constexpr long kKinds = 3;
constexpr long kMonotonic = 1, kCpuTime = 2;
constexpr std::int32_t kSignalsOfKinds[kKinds] = {kSigAlarm, kSigVirtualAlarm,
                                                  kSigProfiler};
constinit Alarm alarms[kKinds] = {};

Alarm &alarmOf(long which) {
  Alarm &alarm = alarms[which];
  alarm.clock = which == 0 ? kMonotonic : kCpuTime;
  alarm.info.signal = kSignalsOfKinds[which];
  alarm.info.code = kFromKernel;
  return alarm;
}

void read(const Alarm &alarm, Interval &result) {
  result.interval.assign(alarm.period);
  std::uint64_t left = timeLeft(alarm);
  result.value.assign(left && left < kMicrosecond ? kMicrosecond : left);
}

// timer_create()

struct Event { // struct ksigevent
  std::uint64_t value;
  std::int32_t signal, notify, thread;
};
struct Setting { // struct itimerspec
  TimeSpec period, value;
};

constinit Alarm *newest = nullptr;

Alarm *alarmById(long id) {
  Alarm *at = newest;
  while (at && at->id != id)
    at = at->next;
  return at;
}

void complete(SignalInfo &info) {
  if (Alarm *alarm = alarmById(info.from)) {
    info.user = static_cast<std::int32_t>(alarm->overruns);
    alarm->takenOverruns = alarm->overruns;
    alarm->isPending = false;
  }
}

void read(const Alarm &alarm, Setting &result) {
  result.period = toTimeSpec(alarm.period);
  result.value = toTimeSpec(timeLeft(alarm));
}

} // namespace

AMPOULE_SYSCALL(getitimer, long which, Interval *result) {
  if (which < 0 || which >= kKinds)
    return -kInvalid;
  read(alarmOf(which), *result);
  return 0;
}

AMPOULE_SYSCALL(setitimer, long which, const Interval *next, Interval *old) {
  if (which < 0 || which >= kKinds || !next->interval.isInRange() ||
      !next->value.isInRange())
    return -kInvalid;
  Interval wanted = *next; // `old` may be the same
  Alarm &alarm = alarmOf(which);
  if (old)
    read(alarm, *old);
  return setAlarm(alarm, wanted.value.inNanoseconds(),
                  wanted.interval.inNanoseconds(), /*isAbsolute=*/false);
}

AMPOULE_SYSCALL(timer_create, long clock, const Event *event,
                std::int32_t *id) {
  constexpr std::int32_t kSignal = 0, kNothing = 1, kThread = 4; // SIGEV_…
  constexpr int kMaxTimers = 256;
  std::uint64_t current;
  if (!readClock(clock, current))
    return -kInvalid;
  Event wanted = event ? *event : Event{0, kSigAlarm, kSignal, 0};
  if ((wanted.notify != kSignal && wanted.notify != kNothing &&
       wanted.notify != kThread) ||
      (wanted.notify != kNothing &&
       (wanted.signal < 1 || wanted.signal > kSignals)))
    return -kInvalid;
  int free = 1;
  while (alarmById(free))
    ++free;
  auto *alarm = free <= kMaxTimers ? memory::make<Alarm>() : nullptr;
  if (!alarm)
    return -kTryAgain;
  alarm->clock = clock;
  alarm->sends = wanted.notify != kNothing;
  alarm->thread = wanted.notify == kThread ? wanted.thread : 0;
  alarm->id = free;
  alarm->info = {.signal = wanted.signal,
                 .code = kFromTimer,
                 .from = free,
                 .value =
                     event ? wanted.value : static_cast<std::uint64_t>(free)};
  if (alarm->thread && !threadOf(*alarm)) {
    memory::destroy(alarm);
    return -kInvalid;
  }
  alarm->next = newest;
  newest = alarm;
  onTakeTimer(complete);
  *id = free;
  return 0;
}

AMPOULE_SYSCALL(timer_settime, long id, long flags, const Setting *next,
                Setting *old) {
  constexpr long kAbsolute = 1; // TIMER_ABSTIME
  Alarm *alarm = alarmById(id);
  if (!alarm || !isValid(next->period) || !isValid(next->value))
    return -kInvalid;
  Setting wanted = *next; // `old` may be the same
  if (old)
    read(*alarm, *old);
  return setAlarm(*alarm, nanoseconds(wanted.value), nanoseconds(wanted.period),
                  flags & kAbsolute);
}

AMPOULE_SYSCALL(timer_gettime, long id, Setting *result) {
  Alarm *alarm = alarmById(id);
  if (!alarm)
    return -kInvalid;
  read(*alarm, *result);
  return 0;
}

AMPOULE_SYSCALL(timer_getoverrun, long id) {
  constexpr std::uint64_t kMost = 0x7fffffff; // DELAYTIMER_MAX
  Alarm *alarm = alarmById(id);
  if (!alarm)
    return -kInvalid;
  return static_cast<long>(alarm->takenOverruns < kMost ? alarm->takenOverruns
                                                        : kMost);
}

AMPOULE_SYSCALL(timer_delete, long id) {
  Alarm **link = &newest;
  while (*link && (*link)->id != id)
    link = &(*link)->next;
  Alarm *alarm = *link;
  if (!alarm)
    return -kInvalid;
  *link = alarm->next;
  threads::cancel(alarm->timer);
  memory::destroy(alarm);
  return 0;
}
