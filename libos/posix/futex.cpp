// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Waiting for a word of memory to change (futex(2)), which all of musl's locks
// are made of. One queue: the longest waiting is woken first.
#include "libos/posix/futex.h"

#include "libos/posix/posix.h"
#include "libos/threads/threads.h"
#include "libos/time/time.h"

using namespace ampoule;
using namespace ampoule::posix;
using threads::Thread;

namespace {

constinit threads::Queue waiters = {};

std::uint64_t keyOf(const std::uint32_t *word) {
  return reinterpret_cast<std::uint64_t>(word);
}

/// Calls `action` for up to `most` waiters of `word`.
template <typename Action>
long forWaiters(const std::uint32_t *word, std::uint32_t bits, long most,
                Action action) {
  long count = 0;
  for (Thread *at = waiters.first; at && count < most;) {
    Thread &thread = *at;
    at = at->next;
    if (thread.key == keyOf(word) && thread.bits & bits) {
      action(thread);
      ++count;
    }
  }
  return count;
}

long waitFor(const std::uint32_t *word, std::uint32_t value, std::uint32_t bits,
             std::uint64_t deadline) {
  if (bits == 0)
    return -kInvalid;
  if (__atomic_load_n(word, __ATOMIC_SEQ_CST) != value)
    return -kTryAgain;
  Thread &thread = threads::self();
  thread.key = keyOf(word);
  thread.bits = bits;
  switch (threads::wait(waiters, deadline)) {
  case threads::Outcome::Woken:
    return 0;
  case threads::Outcome::TimedOut:
    return -kTimedOut;
  case threads::Outcome::Interrupted:
    return -kInterrupted;
  }
  __builtin_unreachable();
}

} // namespace

long posix::wakeWaiters(const std::uint32_t *word, long most,
                        std::uint32_t bits) {
  return forWaiters(word, bits, most,
                    [](Thread &thread) { threads::wake(thread); });
}

AMPOULE_SUPPORTS(futex, 1, "operation", 0, 1, 3, 4, 9, 10, 128, 129, 131, 132,
                 137, 138, 265, 393);
AMPOULE_SYSCALL(futex, std::uint32_t *word, long operation, std::uint32_t value,
                const TimeSpec *timeout, std::uint32_t *other,
                std::uint32_t last) {
  enum : long { // FUTEX_WAIT, …
    kWait = 0,
    kWake = 1,
    kRequeue = 3,
    kCompareRequeue = 4,
    kWaitBits = 9,
    kWakeBits = 10,
    kPrivate = 128,
    kClockRealtime = 256,
  };
  constexpr std::uint32_t kAnyBits = ~0u;
  long what = operation & ~(kPrivate | kClockRealtime);
  std::uint64_t deadline = threads::kForever;
  if (timeout && (what == kWait || what == kWaitBits)) {
    if (!isValid(*timeout))
      return -kInvalid;
    // Relative; with bits, a moment of one of the clocks.
    std::uint64_t start = time::monotonic(), limit = nanoseconds(*timeout);
    if (what == kWaitBits) {
      std::uint64_t now = operation & kClockRealtime ? time::real() : start;
      limit = limit > now ? limit - now : 0;
    }
    deadline = later(start, limit);
  }
  switch (what) {
  case kWait:
    return waitFor(word, value, kAnyBits, deadline);
  case kWaitBits:
    return waitFor(word, value, last, deadline);
  case kWake:
    return wakeWaiters(word, static_cast<std::int32_t>(value));
  case kWakeBits:
    return wakeWaiters(word, static_cast<std::int32_t>(value), last);
  case kCompareRequeue:
    if (__atomic_load_n(word, __ATOMIC_SEQ_CST) != last)
      return -kTryAgain;
    [[fallthrough]];
  case kRequeue: {
    long woken = wakeWaiters(word, static_cast<std::int32_t>(value));
    // In this call the place of the timeout is a number.
    auto most =
        static_cast<std::int32_t>(reinterpret_cast<std::uint64_t>(timeout));
    return woken + forWaiters(word, kAnyBits, most, [&](Thread &thread) {
             thread.key = keyOf(other);
           });
  }
  default:
    static constinit bool said = false;
    __ampoule_refused("futex", static_cast<unsigned long>(operation), &said);
    return -kNoSuchCall;
  }
}
