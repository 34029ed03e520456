// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Signals that the program sends to itself. Processor exceptions do not become
// signals yet: they end in a panic.
#include "libos/posix/posix.h"
#include "libos/shutdown/shutdown.h"

using namespace ampoule;
using namespace ampoule::posix;

namespace {

constexpr long kSignals = 64;
constexpr std::uint64_t kSignalInfo = 4; // SA_SIGINFO

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
    shutdown::end(shutdown::Kind::Crash, static_cast<int>(128 + signal));
  std::uint64_t before = blocked;
  blocked |= action.mask | bit(signal);
  std::uint32_t information[32] = {static_cast<std::uint32_t>(signal)};
  std::uint64_t context[128] = {};
  bool wantsInformation = action.flags & kSignalInfo;
  action.handler(static_cast<int>(signal),
                 wantsInformation ? information : nullptr,
                 wantsInformation ? context : nullptr);
  blocked = before;
}

void deliverPending() {
  while (std::uint64_t ready = pending & ~blocked) {
    long signal = __builtin_ctzll(ready) + 1;
    pending &= ~bit(signal);
    deliver(signal);
  }
}

long send(long signal) {
  if (signal < 0 || signal > kSignals)
    return -kInvalid;
  if (signal == 0)
    return 0;
  pending |= bit(signal);
  deliverPending();
  return 0;
}

} // namespace

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

AMPOULE_SYSCALL(kill, long, long signal) { return send(signal); }
AMPOULE_SYSCALL(tkill, long, long signal) { return send(signal); }
AMPOULE_SYSCALL(tgkill, long, long, long signal) { return send(signal); }
