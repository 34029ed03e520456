// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What a program wants done about a signal, for the two who run handlers: the
// end of a call (signal.cpp) and a processor exception (fault.cpp).
#pragma once

#include "libos/posix/signal.h"

namespace ampoule::posix {

inline constexpr long kSignals = 64;

struct Action { // struct k_sigaction
  void (*handler)(int, void *, void *);
  std::uint64_t flags;
  void (*restorer)();
  std::uint64_t mask;
};

/// ucontext_t, arch/x86_64.
struct Context {
  std::uint64_t flags, link, stack[3];
  std::uint64_t registers[23], floating[9]; ///< gregset_t; a pointer first
  std::uint64_t mask;
  std::uint64_t rest[79];
};
static_assert(offsetof(Context, mask) == 296 && sizeof(Context) == 936);

inline std::uint64_t bit(long signal) { return 1ull << (signal - 1); }

/// KILL and STOP cannot be caught, blocked or ignored.
inline constexpr std::uint64_t kUnblockable = 1ull << 8 | 1ull << 18;

/// Takes one of `set` from what is pending for the thread, the thread's own
/// first. 0: none is.
long takePending(threads::Thread &thread, std::uint64_t set, SignalInfo &info);

/// Threads in sigwait() and the like: they look again when a signal is posted.
extern threads::Queue acceptors;

/// Has `hear` called for every signal that is posted.
void onPost(void (*hear)());

/// Has `complete` called with what a timer sent, when it is taken.
void onTakeTimer(void (*complete)(SignalInfo &));

/// Whether the program has a handler for it.
bool isCaught(long signal);

/// For a handler that is about to run: blocks what its action says. The mask
/// before, for the handler's end, is left to the caller.
Action takeAction(threads::Thread &thread, long signal);

/// The end of a handler: the mask is `mask` again.
void restoreMask(threads::Thread &thread, std::uint64_t mask);

/// The end of the stack that the action's handler runs on, for a thread whose
/// stack pointer is `sp`; null: that which is in use (sigaltstack(2)).
void *stackFor(const threads::Thread &thread, const Action &action,
               std::uint64_t sp);

/// stack_t: what the thread gave, and whether `sp` lies in it.
void describeStack(const threads::Thread &thread, std::uint64_t sp,
                   std::uint64_t (&result)[3]);

/// From now on processor exceptions are signals, if they are caught.
void catchFaults();

} // namespace ampoule::posix
