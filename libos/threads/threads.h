// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Threads, on one vCPU. A thread runs until it waits, or until its time slice
// is over and another is ready; on bare QEMU, which has no timer, only until it
// waits. All functions are called within a call (call.h).
#pragma once

#include "libos/threads/timers.h"

#include <cstddef>
#include <cstdint>

namespace ampoule::threads {

struct Thread;

/// Threads that wait for the same thing, the one that waits longest first.
struct Queue {
  Thread *first = nullptr, *last = nullptr;

  void append(Thread &thread);
  void remove(Thread &thread);
};

enum class Outcome : std::uint8_t { Woken, TimedOut, Interrupted };

struct Thread {
  std::uint64_t stackPointer = 0;  ///< while another runs
  std::uint64_t threadPointer = 0; ///< FS base
  Thread *next = nullptr;          ///< in `queue`, or among the ready ones
  Queue *queue = nullptr;          ///< what it waits in; null: ready or running
  Thread *nextOfAll = nullptr;
  Timer timeout;
  std::uint64_t blockedSignals = 0, pendingSignals = 0; ///< bit N - 1: signal N
  std::uint64_t signalStack = 0, signalStackSize = 0;   ///< sigaltstack()
  std::uint64_t cpuTime = 0; ///< up to its last turn; see ampoule_cpu_time
  std::uint64_t key = 0;     ///< for whoever owns the queue
  std::uint32_t *clearOnExit = nullptr;
  int id = 1;
  std::uint32_t bits = 0; ///< as `key`
  Outcome outcome = Outcome::Woken;
  bool isInterruptible = false; ///< while it waits
  /// Waits end even by a cancellation that is blocked.
  bool isCancellable = false;
  char name[16] = "";
};

inline constexpr std::uint64_t kForever = ~0ull;

Thread &self();

/// All threads, linked by nextOfAll.
Thread *newestThread();

/// Waits in `queue` until somebody wakes the thread, or the deadline (of
/// time::monotonic) has passed. A wait that is interruptible ends when a signal
/// comes that is not blocked.
Outcome wait(Queue &queue, std::uint64_t deadline = kForever,
             bool isInterruptible = true);

/// Makes a thread that waits ready.
void wake(Thread &thread, Outcome outcome = Outcome::Woken);
void wakeAll(Queue &queue);

/// Other ready threads come first.
void yield();

/// Begins a thread: entry(argument) on `stack`, which grows down. Its number.
int create(int (*entry)(void *), void *stack, void *argument,
           std::uint64_t threadPointer, std::uint32_t *clearOnExit);

/// Ends the running thread; `stack`, if any, is released once it has left it.
[[noreturn]] void exit(void *stack, std::size_t size);

/// Signals for the program, which any thread may take; as in Thread. Without
/// `hasSignals` there never was one.
extern bool hasSignals;
extern std::uint64_t pendingSignals;

/// What the thread is to take now.
std::uint64_t signalsOf(const Thread &thread);

/// Whether signals, or a cancellation, end a wait of the thread.
bool isInterrupted(const Thread &thread);

/// Nanoseconds for which the vCPU was the thread's; null: that of any thread.
/// They are only counted in an image that has this function.
extern "C" std::uint64_t ampoule_cpu_time(const Thread *thread);

/// Sets FS base of the running thread.
void setThreadPointer(std::uint64_t pointer);

} // namespace ampoule::threads
