// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Signals: a program's to itself, a thread's to another, a timer's. A handler
// runs at the end of a call of the library OS, or of the interrupt that the
// signal came with. A signal that is pending twice is delivered once.
#include "libos/posix/signal.h"

#include "libos/panic/panic.h"
#include "libos/time/time.h"

using namespace ampoule;
using namespace ampoule::posix;
using threads::Thread;

namespace {

constexpr long kSignals = 64;
constexpr std::uint64_t kSignalInfo = 4, kRestart = 0x10000000,
                        kNoDefer = 0x40000000,
                        kResetHandler = 0x80000000; // SA_SIGINFO, …

struct Action { // struct k_sigaction
  void (*handler)(int, void *, void *);
  std::uint64_t flags;
  void (*restorer)();
  std::uint64_t mask;
};

/// ucontext_t, arch/x86_64.
struct Context {
  std::uint64_t flags, link, stack[3];
  std::uint64_t registers[23], floating[9];
  std::uint64_t mask;
  std::uint64_t rest[79];
};
static_assert(offsetof(Context, mask) == 296 && sizeof(Context) == 936);

const auto kDefault = reinterpret_cast<decltype(Action::handler)>(0);
const auto kIgnore = reinterpret_cast<decltype(Action::handler)>(1);

constinit Action actions[kSignals + 1] = {};
constinit SignalInfo infos[kSignals + 1] = {};
constinit threads::Queue acceptors = {}; ///< threads in sigwait() and the like

std::uint64_t bit(long signal) { return 1ull << (signal - 1); }

/// KILL and STOP cannot be caught, blocked or ignored.
constexpr std::uint64_t kUnblockable = 1ull << 8 | 1ull << 18;

/// CHLD, CONT, URG and WINCH do nothing by default (POSIX, <signal.h>).
bool isIgnored(long signal) {
  auto handler = actions[signal].handler;
  return handler == kIgnore ||
         (handler == kDefault &&
          (signal == 17 || signal == 18 || signal == 23 || signal == 28));
}

/// Takes one of `set` from what is pending for the thread. 0: none is.
long takePending(Thread &thread, std::uint64_t set) {
  for (std::uint64_t *from : {&thread.pendingSignals, &threads::pendingSignals})
    if (*from & set) {
      long signal = __builtin_ctzll(*from & set) + 1;
      *from &= ~bit(signal);
      return signal;
    }
  return 0;
}

void deliver(Thread &thread, long signal) {
  Action action = actions[signal];
  if (isIgnored(signal))
    return;
  if (action.handler == kDefault)
    panic::killedBySignal(static_cast<int>(signal));
  if (action.flags & kResetHandler)
    actions[signal].handler = kDefault;
  SignalInfo info = infos[signal];
  Context context = {};
  context.mask = thread.blockedSignals;
  thread.blockedSignals |=
      action.mask | (action.flags & kNoDefer ? 0 : bit(signal));
  thread.blockedSignals &= ~kUnblockable;
  bool wantsInformation = action.flags & kSignalInfo;
  action.handler(static_cast<int>(signal), wantsInformation ? &info : nullptr,
                 wantsInformation ? &context : nullptr);
  thread.blockedSignals = context.mask;
}

/// Outside of a call: handlers make calls, and may leave by longjmp.
void deliverPending() {
  Thread &thread = threads::self();
  while (long signal = takePending(thread, ~thread.blockedSignals))
    deliver(thread, signal);
}

/// Within a call, at a place where the thread waits for nothing.
void deliverWithin() {
  threads::store(threads::isInCall, false);
  deliverPending();
  threads::beginCall();
}

/// A thread that can take a signal for the program, best the running one.
Thread *findTaker(std::uint64_t signal) {
  Thread &running = threads::self();
  if (!(running.blockedSignals & signal) && !running.queue)
    return &running;
  for (Thread *at = threads::newestThread(); at; at = at->nextOfAll)
    if (!(at->blockedSignals & signal))
      return at;
  return nullptr;
}

Thread *findThread(long id) {
  for (Thread *at = threads::newestThread(); at; at = at->nextOfAll)
    if (at->id == id)
      return at;
  return nullptr;
}

bool isSignal(long signal) { return signal >= 1 && signal <= kSignals; }

long sendToProgram(long process, SignalInfo info) {
  if (info.signal != 0 && !isSignal(info.signal))
    return -kInvalid;
  if (process > 1 || process < -1)
    return -kNoProcess;
  if (info.signal != 0)
    postSignal(info);
  return 0;
}

long sendToThread(long id, long signal) {
  if (signal != 0 && !isSignal(signal))
    return -kInvalid;
  Thread *thread = findThread(id);
  if (!thread)
    return -kNoProcess;
  if (signal != 0)
    postSignal({.signal = static_cast<std::int32_t>(signal),
                .code = kFromThread,
                .from = 1},
               thread);
  return 0;
}

} // namespace

void posix::postSignal(const SignalInfo &info, Thread *target) {
  std::uint64_t signal = bit(info.signal);
  Thread *taker = target && !(target->blockedSignals & signal) ? target
                  : target                                     ? nullptr
                           : findTaker(signal);
  if (taker && isIgnored(info.signal))
    return;
  threads::hasSignals = true;
  threads::setSignalWork(deliverPending);
  infos[info.signal] = info;
  (target ? target->pendingSignals : threads::pendingSignals) |= signal;
  threads::wakeAll(acceptors);
  for (Thread *each : {taker, target})
    if (each && each->isInterruptible && threads::isInterrupted(*each))
      threads::wake(*each, threads::Outcome::Interrupted);
  threads::store(threads::late, true);
}

TemporaryMask::TemporaryMask(const std::uint64_t *mask)
    : before(threads::self().blockedSignals), isSet(mask) {
  if (isSet)
    threads::self().blockedSignals = *mask & ~kUnblockable;
}

TemporaryMask::~TemporaryMask() {
  if (!isSet)
    return;
  if (threads::signalsOf(threads::self()))
    deliverWithin();
  threads::self().blockedSignals = before;
}

bool posix::restartAfterSignals() {
  Thread &thread = threads::self();
  for (std::uint64_t left = threads::signalsOf(thread); left; left &= left - 1)
    if (const Action &action = actions[__builtin_ctzll(left) + 1];
        !(action.flags & kRestart))
      return false;
  if (!threads::signalsOf(thread))
    return false; // a cancellation
  deliverWithin();
  return true;
}

AMPOULE_SYSCALL(rt_sigaction, long signal, const Action *action, Action *old) {
  if (!isSignal(signal) || (action && bit(signal) & kUnblockable))
    return -kInvalid;
  if (old)
    *old = actions[signal];
  if (action)
    actions[signal] = *action;
  if (action && isIgnored(signal)) // what is pending goes (sigaction(2))
    threads::pendingSignals &= ~bit(signal);
  return 0;
}

AMPOULE_SYSCALL(rt_sigprocmask, long how, const std::uint64_t *set,
                std::uint64_t *old) {
  constexpr long kBlock = 0, kUnblock = 1, kSet = 2;
  Thread &thread = threads::self();
  std::uint64_t before = thread.blockedSignals;
  if (set) {
    if (how == kBlock)
      thread.blockedSignals |= *set;
    else if (how == kUnblock)
      thread.blockedSignals &= ~*set;
    else if (how == kSet)
      thread.blockedSignals = *set;
    else
      return -kInvalid;
    thread.blockedSignals &= ~kUnblockable;
    if (threads::signalsOf(thread))
      threads::store(threads::late, true);
  }
  if (old)
    *old = before;
  return 0;
}

AMPOULE_SYSCALL(rt_sigpending, std::uint64_t *set) {
  const Thread &thread = threads::self();
  *set =
      (threads::pendingSignals | thread.pendingSignals) & thread.blockedSignals;
  return 0;
}

AMPOULE_SYSCALL(rt_sigsuspend, const std::uint64_t *mask) {
  TemporaryMask temporary(mask);
  threads::Queue nobody;
  while (threads::wait(nobody) != threads::Outcome::Interrupted)
    ;
  return -kInterrupted;
}

AMPOULE_SYSCALL(rt_sigtimedwait, const std::uint64_t *set, SignalInfo *info,
                const TimeSpec *timeout) {
  Thread &thread = threads::self();
  std::uint64_t deadline = threads::kForever;
  if (timeout) {
    if (!isValid(*timeout))
      return -kInvalid;
    deadline = later(time::monotonic(), nanoseconds(*timeout));
  }
  while (true) {
    if (long signal = takePending(thread, *set)) {
      if (info)
        *info = infos[signal];
      return signal;
    }
    switch (threads::wait(acceptors, deadline)) {
    case threads::Outcome::Woken:
      break;
    case threads::Outcome::TimedOut:
      return -kTryAgain;
    case threads::Outcome::Interrupted:
      return -kInterrupted;
    }
  }
}

AMPOULE_SYSCALL(pause) {
  threads::Queue nobody;
  while (threads::wait(nobody) != threads::Outcome::Interrupted)
    ;
  return -kInterrupted;
}

AMPOULE_SYSCALL(sigaltstack) { return 0; }

AMPOULE_SYSCALL(kill, long process, long signal) {
  return sendToProgram(process, {.signal = static_cast<std::int32_t>(signal),
                                 .code = kFromUser,
                                 .from = 1});
}

AMPOULE_SYSCALL(rt_sigqueueinfo, long process, long signal,
                const SignalInfo *info) {
  SignalInfo copy = *info;
  copy.signal = static_cast<std::int32_t>(signal);
  return sendToProgram(process, copy);
}

AMPOULE_SYSCALL(tkill, long thread, long signal) {
  return sendToThread(thread, signal);
}
AMPOULE_SYSCALL(tgkill, long, long thread, long signal) {
  return sendToThread(thread, signal);
}
