// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Signals: a program's to itself, a thread's to another, a timer's. A handler
// runs at the end of a call of the library OS, or of the interrupt that the
// signal came with. Of the first 31 signals one of each can be pending for the
// program, and one for each thread; the others are queued.
#include "libos/control/control.h"
#include "libos/memory/objects.h"
#include "libos/panic/panic.h"
#include "libos/posix/action.h"

using namespace ampoule;
using namespace ampoule::posix;
using threads::Thread;

extern "C" void ampoule_call_on(void *stack,
                                void (*handler)(int, void *, void *),
                                long signal, void *info, void *context);

namespace {

constexpr std::uint64_t kOnStack = 0x08000000, // SA_ONSTACK, …
    kRestart = 0x10000000, kNoDefer = 0x40000000, kResetHandler = 0x80000000;

const auto kDefault = reinterpret_cast<decltype(Action::handler)>(0);
const auto kIgnore = reinterpret_cast<decltype(Action::handler)>(1);

constinit Action actions[kSignals + 1] = {};
/// Of what is pending and not queued.
constinit SignalInfo infos[kFirstQueued] = {};
constinit void (*hear)() = nullptr, (*completeTimer)(SignalInfo &) = nullptr;

/// A signal in the queue; `thread` is a thread's number, 0: for any.
struct Queued {
  SignalInfo info;
  int thread;
  Queued *next;
};
constexpr unsigned kMaxQueued = 1024; // RLIMIT_SIGPENDING
constinit Queued *firstQueued = nullptr, *lastQueued = nullptr;
constinit unsigned queuedCount = 0;

/// CHLD, CONT, URG and WINCH do nothing by default (POSIX, <signal.h>).
bool isIgnored(long signal) {
  auto handler = actions[signal].handler;
  return handler == kIgnore ||
         (handler == kDefault &&
          (signal == 17 || signal == 18 || signal == 23 || signal == 28));
}

Thread *findThread(long id) {
  for (Thread *at = threads::newestThread(); at; at = at->nextOfAll)
    if (at->id == id)
      return at;
  return nullptr;
}

/// Takes the oldest that is wanted out of the queue. Null: there is none.
template <typename Predicate> Queued *removeQueued(Predicate isWanted) {
  Queued *before = nullptr;
  for (Queued *at = firstQueued; at; before = at, at = at->next)
    if (isWanted(*at)) {
      (before ? before->next : firstQueued) = at->next;
      if (lastQueued == at)
        lastQueued = before;
      --queuedCount;
      return at;
    }
  return nullptr;
}

bool enqueue(const SignalInfo &info, int thread) {
  if (queuedCount == kMaxQueued) // those of threads that ended are in vain
    while (Queued *vain = removeQueued([](const Queued &queued) {
             return queued.thread && !findThread(queued.thread);
           }))
      memory::destroy(vain);
  auto *queued = queuedCount == kMaxQueued
                     ? nullptr
                     : memory::make<Queued>(info, thread, nullptr);
  if (!queued)
    return false;
  (lastQueued ? lastQueued->next : firstQueued) = queued;
  lastQueued = queued;
  ++queuedCount;
  return true;
}

/// Takes the oldest; `isMore`: there is another of the kind.
void dequeue(long signal, int thread, SignalInfo &info, bool &isMore) {
  auto isWanted = [&](const Queued &queued) {
    return queued.info.signal == signal && queued.thread == thread;
  };
  if (Queued *queued = removeQueued(isWanted)) {
    info = queued->info;
    memory::destroy(queued);
  }
  isMore = false;
  for (Queued *at = firstQueued; at; at = at->next)
    isMore |= isWanted(*at);
}

/// What is pending goes when it is to be ignored (sigaction(2)).
void forget(long signal) {
  threads::pendingSignals &= ~bit(signal);
  if (!threads::hasSignals)
    return;
  for (Thread *at = threads::newestThread(); at; at = at->nextOfAll)
    at->pendingSignals &= ~bit(signal);
  while (Queued *queued = removeQueued([signal](const Queued &queued) {
           return queued.info.signal == signal;
         }))
    memory::destroy(queued);
}

void deliver(Thread &thread, long signal, SignalInfo &info) {
  if (isIgnored(signal))
    return;
  if (actions[signal].handler == kDefault)
    panic::killedBySignal(static_cast<int>(signal));
  Context context = {};
  context.mask = thread.blockedSignals;
  auto sp = reinterpret_cast<std::uint64_t>(__builtin_frame_address(0));
  describeStack(thread, sp, context.stack);
  Action action = takeAction(thread, signal);
  if (void *stack = stackFor(thread, action, sp))
    ampoule_call_on(stack, action.handler, signal, &info, &context);
  else
    action.handler(static_cast<int>(signal), &info, &context);
  thread.blockedSignals = context.mask & ~kUnblockable;
}

/// Outside of a call: handlers make calls, and may leave by longjmp.
void deliverPending() {
  Thread &thread = threads::self();
  SignalInfo info;
  while (long signal = takePending(thread, ~thread.blockedSignals, info))
    deliver(thread, signal, info);
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

bool isSignal(long signal) { return signal >= 1 && signal <= kSignals; }

long sendToProgram(long process, const SignalInfo &info) {
  if (info.signal != 0 && !isSignal(info.signal))
    return -kInvalid;
  if (process > 1 || process < -1)
    return -kNoProcess;
  return info.signal == 0 || postSignal(info) ? 0 : -kTryAgain;
}

long sendToThread(long id, const SignalInfo &info) {
  if (id <= 0 || (info.signal != 0 && !isSignal(info.signal)))
    return -kInvalid;
  Thread *thread = findThread(id);
  if (!thread)
    return -kNoProcess;
  return info.signal == 0 || postSignal(info, thread) ? 0 : -kTryAgain;
}

SignalInfo withNumber(const SignalInfo &info, long signal) {
  SignalInfo result = info;
  result.signal = static_cast<std::int32_t>(signal);
  return result;
}

SignalInfo infoFrom(long signal, std::int32_t code) {
  return {.signal = static_cast<std::int32_t>(signal), .code = code, .from = 1};
}

} // namespace

constinit threads::Queue posix::acceptors = {};

void posix::onPost(void (*function)()) { hear = function; }
void posix::onTakeTimer(void (*complete)(SignalInfo &)) {
  completeTimer = complete;
}

long posix::takePending(Thread &thread, std::uint64_t set, SignalInfo &info) {
  for (std::uint64_t *from : {&thread.pendingSignals, &threads::pendingSignals})
    if (*from & set) {
      long signal = __builtin_ctzll(*from & set) + 1;
      bool isMore = false;
      if (signal >= kFirstQueued)
        dequeue(signal, from == &thread.pendingSignals ? thread.id : 0, info,
                isMore);
      else
        info = infos[signal];
      if (!isMore)
        *from &= ~bit(signal);
      if (completeTimer && info.code == kFromTimer)
        completeTimer(info);
      return signal;
    }
  return 0;
}

bool posix::isCaught(long signal) {
  auto handler = actions[signal].handler;
  return handler != kDefault && handler != kIgnore;
}

Action posix::takeAction(Thread &thread, long signal) {
  Action action = actions[signal];
  if (action.flags & kResetHandler)
    actions[signal].handler = kDefault;
  thread.blockedSignals |=
      action.mask | (action.flags & kNoDefer ? 0 : bit(signal));
  thread.blockedSignals &= ~kUnblockable;
  return action;
}

void posix::restoreMask(Thread &thread, std::uint64_t mask) {
  threads::beginCall();
  thread.blockedSignals = mask & ~kUnblockable;
  if (threads::signalsOf(thread))
    threads::store(threads::late, true);
  threads::endCall();
}

static bool isOnStack(const Thread &thread, std::uint64_t sp) {
  return sp - thread.signalStack < thread.signalStackSize;
}

void *posix::stackFor(const Thread &thread, const Action &action,
                      std::uint64_t sp) {
  if (!(action.flags & kOnStack) || thread.signalStackSize == 0 ||
      isOnStack(thread, sp))
    return nullptr;
  return reinterpret_cast<void *>(thread.signalStack + thread.signalStackSize);
}

void posix::describeStack(const Thread &thread, std::uint64_t sp,
                          std::uint64_t (&result)[3]) {
  constexpr std::uint64_t kInUse = 1, kDisabled = 2; // SS_ONSTACK, SS_DISABLE
  result[0] = thread.signalStack;
  result[1] = thread.signalStackSize == 0 ? kDisabled
              : isOnStack(thread, sp)     ? kInUse
                                          : 0;
  result[2] = thread.signalStackSize;
}

bool posix::postSignal(const SignalInfo &info, Thread *target) {
  std::uint64_t signal = bit(info.signal);
  std::uint64_t &pending =
      target ? target->pendingSignals : threads::pendingSignals;
  Thread *taker = target && !(target->blockedSignals & signal) ? target
                  : target                                     ? nullptr
                           : findTaker(signal);
  if (taker && isIgnored(info.signal))
    return true;
  if (info.signal >= kFirstQueued) {
    if (!enqueue(info, target ? target->id : 0))
      return false;
  } else if (!(pending & signal)) {
    infos[info.signal] = info;
  }
  threads::hasSignals = true;
  threads::setSignalWork(deliverPending);
  pending |= signal;
  threads::wakeAll(acceptors);
  if (hear)
    hear();
  for (Thread *each : {taker, target})
    if (each && each->isInterruptible && threads::isInterrupted(*each))
      threads::wake(*each, threads::Outcome::Interrupted);
  threads::store(threads::late, true);
  return true;
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

long posix::waitFor(threads::Queue &queue, Condition isDone,
                    std::uint64_t deadline) {
  while (!isDone()) {
    threads::Outcome outcome = threads::wait(queue, deadline);
    if (outcome == threads::Outcome::TimedOut)
      return isDone() ? 0 : -kTimedOut;
    if (outcome == threads::Outcome::Interrupted && !restartAfterSignals())
      return -kInterrupted;
  }
  return 0;
}

/// `xl shutdown`. The default is not a crash of the domain.
static bool terminate() {
  if (actions[kSigTerm].handler == kDefault)
    return false;
  postSignal({.signal = kSigTerm, .code = kFromKernel});
  return true;
}

/// Signals that processor exceptions become: ILL, TRAP, BUS, FPE, SEGV.
static constexpr std::uint64_t kFaults =
    1 << 3 | 1 << 4 | 1 << 6 | 1 << 7 | 1 << 10;

AMPOULE_SYSCALL(rt_sigaction, long signal, const Action *action, Action *old) {
  if (!isSignal(signal) || (action && bit(signal) & kUnblockable))
    return -kInvalid;
  if (old)
    *old = actions[signal];
  if (action)
    actions[signal] = *action;
  if (action && isIgnored(signal))
    forget(signal);
  if (signal == kSigTerm && action) {
    control::onEnd(terminate);
    if (isCaught(signal))
      control::listen();
  }
  if (bit(signal) & kFaults && action && isCaught(signal))
    catchFaults();
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

AMPOULE_SYSCALL(sigaltstack, const std::uint64_t *next, std::uint64_t *old) {
  constexpr std::uint64_t kDisabled = 2, kLeast = 2048; // MINSIGSTKSZ
  Thread &thread = threads::self();
  auto sp = reinterpret_cast<std::uint64_t>(__builtin_frame_address(0));
  std::uint64_t before[3];
  describeStack(thread, sp, before);
  if (next) {
    auto flags = static_cast<std::uint32_t>(next[1]);
    if (isOnStack(thread, sp))
      return -kNotPermitted;
    if (flags & ~kDisabled)
      return -kInvalid;
    if (flags == 0 && next[2] < kLeast)
      return -kOutOfMemory;
    thread.signalStack = flags ? 0 : next[0];
    thread.signalStackSize = flags ? 0 : next[2];
  }
  if (old)
    __builtin_memcpy(old, before, sizeof(before));
  return 0;
}

AMPOULE_SYSCALL(kill, long process, long signal) {
  return sendToProgram(process, infoFrom(signal, kFromUser));
}
AMPOULE_SYSCALL(rt_sigqueueinfo, long process, long signal,
                const SignalInfo *info) {
  return sendToProgram(process, withNumber(*info, signal));
}
AMPOULE_SYSCALL(tkill, long thread, long signal) {
  return sendToThread(thread, infoFrom(signal, kFromThread));
}
AMPOULE_SYSCALL(tgkill, long, long thread, long signal) {
  return sendToThread(thread, infoFrom(signal, kFromThread));
}
AMPOULE_SYSCALL(rt_tgsigqueueinfo, long, long thread, long signal,
                const SignalInfo *info) {
  return sendToThread(thread, withNumber(*info, signal));
}
