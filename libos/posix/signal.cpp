// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Signals that the program sends to itself, and those that timers send.
// Processor exceptions do not become signals: they end in a panic.
#include "libos/posix/signal.h"

#include "libos/panic/panic.h"
#include "libos/posix/posix.h"
#include "libos/shutdown/shutdown.h"

using namespace ampoule;
using namespace ampoule::posix;

constinit bool posix::isInCall = false;
constinit bool posix::hasLateSignal = false;

namespace {

constexpr long kSignals = 64;
constexpr std::uint64_t kSignalInfo = 4, kNoDefer = 0x40000000,
                        kResetHandler = 0x80000000; // SA_SIGINFO, …

struct Action { // struct k_sigaction
  void (*handler)(int, void *, void *);
  std::uint64_t flags;
  void (*restorer)();
  std::uint64_t mask;
};

const auto kDefault = reinterpret_cast<decltype(Action::handler)>(0);
const auto kIgnore = reinterpret_cast<decltype(Action::handler)>(1);

constinit Action actions[kSignals + 1] = {};
constinit std::uint64_t blocked = 0, pending = 0;

/// CHLD, CONT, URG and WINCH do nothing by default (POSIX, <signal.h>).
bool isIgnoredByDefault(long signal) {
  return signal == 17 || signal == 18 || signal == 23 || signal == 28;
}

std::uint64_t bit(long signal) { return 1ull << (signal - 1); }

void deliver(long signal) {
  Action action = actions[signal];
  if (action.handler == kIgnore ||
      (action.handler == kDefault && isIgnoredByDefault(signal)))
    return;
  if (action.handler == kDefault)
    panic::killedBySignal(static_cast<int>(signal));
  if (action.flags & kResetHandler)
    actions[signal].handler = kDefault;
  std::uint64_t before = blocked;
  blocked |= action.mask | (action.flags & kNoDefer ? 0 : bit(signal));
  std::uint32_t information[32] = {static_cast<std::uint32_t>(signal)};
  std::uint64_t context[128] = {};
  bool wantsInformation = action.flags & kSignalInfo;
  // The handler may make calls, and may leave by longjmp.
  bool wasInCall = isInCall;
  isInCall = false;
  action.handler(static_cast<int>(signal),
                 wantsInformation ? information : nullptr,
                 wantsInformation ? context : nullptr);
  isInCall = wasInCall;
  blocked = before;
}

std::uint64_t ready() {
  return __atomic_load_n(&pending, __ATOMIC_RELAXED) & ~blocked;
}

void deliverPending() {
  while (std::uint64_t waiting = ready()) {
    long signal = __builtin_ctzll(waiting) + 1;
    __atomic_fetch_and(&pending, ~bit(signal), __ATOMIC_RELAXED);
    deliver(signal);
  }
}

long send(long signal) {
  if (signal < 0 || signal > kSignals)
    return -kInvalid;
  if (signal == 0)
    return 0;
  __atomic_fetch_or(&pending, bit(signal), __ATOMIC_RELAXED);
  deliverPending();
  return 0;
}

} // namespace

void posix::postSignal(long signal) {
  __atomic_fetch_or(&pending, bit(signal), __ATOMIC_RELAXED);
}

bool posix::isSignalReady() {
  if (!ready())
    return false;
  if (!__atomic_load_n(&isInCall, __ATOMIC_RELAXED))
    return true;
  __atomic_store_n(&hasLateSignal, true, __ATOMIC_RELAXED);
  return false;
}

void posix::deliverLateSignals() {
  __atomic_store_n(&hasLateSignal, false, __ATOMIC_RELAXED);
  deliverPending();
}

bool posix::isInterrupted() {
  return __atomic_load_n(&hasLateSignal, __ATOMIC_RELAXED);
}

AMPOULE_SYSCALL(rt_sigaction, long signal, const Action *action, Action *old) {
  if (signal < 1 || signal > kSignals)
    return -kInvalid;
  if (old)
    *old = actions[signal];
  if (action)
    actions[signal] = *action;
  return 0;
}

AMPOULE_SYSCALL(rt_sigprocmask, long how, const std::uint64_t *set,
                std::uint64_t *old) {
  constexpr long kBlock = 0, kUnblock = 1;
  if (old)
    *old = blocked;
  if (set) {
    if (how == kBlock)
      blocked |= *set;
    else if (how == kUnblock)
      blocked &= ~*set;
    else
      blocked = *set;
    deliverPending();
  }
  return 0;
}

AMPOULE_SYSCALL(rt_sigpending, std::uint64_t *set) {
  *set = pending & blocked;
  return 0;
}

AMPOULE_SYSCALL(sigaltstack) { return 0; }
AMPOULE_SYSCALL(kill, long, long signal) { return send(signal); }
AMPOULE_SYSCALL(tkill, long, long signal) { return send(signal); }
AMPOULE_SYSCALL(tgkill, long, long, long signal) { return send(signal); }
