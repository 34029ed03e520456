// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Round robin. A thread that is ready stands in one queue; the vCPU is the
// running thread's until it waits, yields or has had its time slice. Where
// nothing can make a thread ready again the image ends with a panic instead of
// standing still.
#include "libos/threads/threads.h"

#include "libos/abi/config.h"
#include "libos/abi/module.h"
#include "libos/events/events.h"
#include "libos/panic/panic.h"
#include "libos/threads/call.h"
#include "libos/threads/stacks.h"
#include "libos/time/time.h"
#include "libos/xen/xen.h"

#include <new>

extern "C" {
/// The linker's answers.
int __ampoule_live_pthread_create();
int __ampoule_live_ampoule_cpu_time();
int __ampoule_live_ampoule_offer_events();

/// switch.S: goes on with the thread whose stack pointer was stored.
void ampoule_switch(std::uint64_t *saved, std::uint64_t next);
void ampoule_begin_thread();
}

namespace ampoule::threads {

constinit bool isInCall = false, hasEvents = false;
constinit bool late = false, lateTimers = false, lateTurn = false,
               lateDevices = false;
constinit bool hasSignals = false;
constinit std::uint64_t pendingSignals = 0;

namespace {

constinit Thread mainThread = {};
constinit Thread *running = &mainThread, *newest = &mainThread;
constinit Queue ready = {};
constinit int lastId = 1;
constinit Device *firstDevice = nullptr;
constinit void (*signalWork)() = nullptr;

bool canHaveThreads() { return __ampoule_live_pthread_create(); }

void loadThreadPointer(std::uint64_t pointer) {
  if (xen::isPv())
    xen::hypercall(__HYPERVISOR_set_segment_base, std::uint64_t{SEGBASE_FS},
                   pointer);
  else
    asm volatile("wrfsbase %0" ::"r"(pointer));
}

// A thread that runs through a whole slice while others are ready has had its
// turn.
constinit Timer slice = {};
constinit const Thread *atSliceBegin = nullptr;

void onSliceEnd(Timer &) { addLate(lateTurn); }

void armSlice() {
  if (!hasEvents || !ready.first || slice.isSet)
    return;
  slice.expire = onSliceEnd;
  atSliceBegin = running;
  set(slice, time::monotonic() + ampoule_config_time_slice);
}

// Whose the vCPU was, for how long; while all wait it is nobody's.
constinit std::uint64_t turnBegan = 0, totalTime = 0;

void beginTurn() {
  if (__ampoule_live_ampoule_cpu_time())
    turnBegan = time::monotonic();
}

void countTurn() {
  if (!__ampoule_live_ampoule_cpu_time())
    return;
  std::uint64_t before = turnBegan;
  beginTurn();
  running->cpuTime += turnBegan - before;
  totalTime += turnBegan - before;
}

void init(const abi::Handoff &) { beginTurn(); }

void makeReady(Thread &thread) {
  ready.append(thread);
  thread.queue = &ready;
}

// A thread that ended; its stack goes when it is no longer used.
constinit void *deadStack = nullptr;
constinit std::size_t deadStackSize = 0;

void bury() {
  if (!deadStack)
    return;
  releaseStack(deadStack, deadStackSize);
  deadStack = nullptr;
}

void switchTo(Thread &next) {
  Thread &before = *running;
  countTurn();
  running = &next;
  armSlice();
  loadThreadPointer(next.threadPointer);
  ampoule_switch(&before.stackPointer, next.stackPointer);
  bury();
}

void endTurn() {
  if (atSliceBegin == running)
    yield();
  armSlice();
}

/// Whose turn comes is decided at the end of a call, not by a thread that
/// waits.
void runLate(bool canSwitch) {
  store(late, false);
  if (takeLate(lateTimers))
    expireTimers();
  if (takeLate(lateDevices))
    for (Device *device = firstDevice; device; device = device->next)
      if (takeLate(device->isDue))
        device->work();
  if (takeLate(lateTurn) && canSwitch)
    endTurn();
}

/// No thread is ready: waits for an event, or for the first deadline.
void idle() {
  std::uint64_t deadline = firstDeadline();
  if (!hasEvents) {
    if (deadline == kForever)
      panic::panic(canHaveThreads()
                       ? "deadlock: every thread waits for another"
                       : "deadlock: the only thread waits for another");
    time::sleepUntil(deadline);
    expireTimers();
    return;
  }
  // The events of a device are enough to get here.
  if (deadline != kForever && __ampoule_live_ampoule_offer_events())
    interruptForTimers();
  events::disable();
  if (!load(late))
    events::block();
  events::enable();
  runLate(/*canSwitch=*/false);
}

void waitForReady() {
  if (ready.first)
    return;
  countTurn();
  do
    idle();
  while (!ready.first);
  beginTurn();
}

/// The running thread gives way, and comes back when it is its turn again.
void giveWay() {
  // Without interrupts nobody looks at the clock but us.
  if (!hasEvents && firstDeadline() != kForever)
    expireTimers();
  waitForReady();
  Thread &next = *ready.first;
  ready.remove(next);
  next.queue = nullptr;
  if (&next != running)
    switchTo(next);
  if (signalsOf(*running))
    store(late, true);
}

void onTimeout(Timer &timer) {
  wake(*static_cast<Thread *>(timer.owner), Outcome::TimedOut);
}

} // namespace

void Queue::append(Thread &thread) {
  thread.next = nullptr;
  (last ? last->next : first) = &thread;
  last = &thread;
  thread.queue = this;
}

void Queue::remove(Thread &thread) {
  Thread *before = nullptr;
  for (Thread *at = first; at != &thread; at = at->next)
    before = at;
  (before ? before->next : first) = thread.next;
  if (last == &thread)
    last = before;
  thread.queue = nullptr;
}

Thread &self() { return *running; }

std::uint64_t ampoule_cpu_time(const Thread *thread) {
  countTurn();
  return thread ? thread->cpuTime : totalTime;
}

Thread *newestThread() { return newest; }

std::uint64_t signalsOf(const Thread &thread) {
  return hasSignals
             ? (pendingSignals | thread.pendingSignals) & ~thread.blockedSignals
             : 0;
}

bool isInterrupted(const Thread &thread) {
  constexpr std::uint64_t kCancellation = 1ull << 32; // musl's SIGCANCEL
  return signalsOf(thread) ||
         (thread.isCancellable && thread.pendingSignals & kCancellation);
}

Outcome wait(Queue &queue, std::uint64_t deadline, bool isInterruptible) {
  Thread &thread = *running;
  if (isInterruptible && isInterrupted(thread))
    return Outcome::Interrupted;
  thread.isInterruptible = isInterruptible;
  queue.append(thread);
  if (deadline != kForever) {
    thread.timeout.expire = onTimeout;
    thread.timeout.owner = &thread;
    set(thread.timeout, deadline);
  }
  giveWay();
  if (deadline != kForever)
    cancel(thread.timeout);
  return thread.outcome;
}

void wake(Thread &thread, Outcome outcome) {
  if (!thread.queue || thread.queue == &ready)
    return;
  thread.queue->remove(thread);
  thread.outcome = outcome;
  thread.isInterruptible = false;
  makeReady(thread);
  armSlice();
}

void wakeAll(Queue &queue) {
  while (queue.first)
    wake(*queue.first);
}

void yield() {
  if (!canHaveThreads())
    return;
  if (!hasEvents)
    expireTimers();
  if (!ready.first)
    return;
  makeReady(*running);
  giveWay();
}

void setThreadPointer(std::uint64_t pointer) {
  running->threadPointer = pointer;
  loadThreadPointer(pointer);
}

int create(int (*entry)(void *), void *stack, void *argument,
           std::uint64_t threadPointer, std::uint32_t *clearOnExit) {
  // Turns need a timer; without one threads still take turns where they wait.
  interruptForTimers();
  // What we know of a thread lies at the top of its stack; below that, what
  // ampoule_switch takes from there: control words, registers, an address.
  constexpr std::uint64_t kAlignment = 64;
  auto top = (reinterpret_cast<std::uint64_t>(stack) - sizeof(Thread)) &
             ~(kAlignment - 1);
  auto &thread = *new (reinterpret_cast<void *>(top)) Thread();
  auto *words = reinterpret_cast<std::uint64_t *>(top) - 10;
  std::uint32_t controlWords[2] = {};
  asm volatile("stmxcsr %0\n fnstcw %1"
               : "=m"(controlWords[0]), "=m"(controlWords[1]));
  const std::uint64_t initial[] = {
      controlWords[0] | std::uint64_t{controlWords[1]} << 32,
      0,
      0,
      reinterpret_cast<std::uint64_t>(argument),
      reinterpret_cast<std::uint64_t>(entry),
      0,
      0,
      reinterpret_cast<std::uint64_t>(&ampoule_begin_thread)};
  __builtin_memcpy(words, initial, sizeof(initial));
  thread.stackPointer = reinterpret_cast<std::uint64_t>(words);
  thread.threadPointer = threadPointer;
  thread.clearOnExit = clearOnExit;
  thread.blockedSignals = running->blockedSignals;
  thread.id = ++lastId;
  thread.nextOfAll = newest;
  newest = &thread;
  makeReady(thread);
  armSlice();
  return thread.id;
}

void exit(void *stack, std::size_t size) {
  Thread **link = &newest;
  while (*link != running)
    link = &(*link)->nextOfAll;
  *link = running->nextOfAll;
  waitForReady();
  deadStack = stack;
  deadStackSize = size;
  giveWay();
  __builtin_unreachable();
}

/// From switch.S, on the new thread's stack.
extern "C" [[noreturn]] void ampouleThreadMain(int (*entry)(void *),
                                               void *argument) {
  bury();
  endCall();
  entry(argument); // musl's never returns
  panic::panic("a thread returned");
}

void addDevice(Device &device) {
  device.next = firstDevice;
  firstDevice = &device;
}
void setSignalWork(void (*work)()) { signalWork = work; }

void finishCall() {
  do {
    beginCall();
    runLate(/*canSwitch=*/true);
    store(isInCall, false);
    if (signalWork && signalsOf(*running))
      signalWork();
  } while (load(late));
}

} // namespace ampoule::threads

AMPOULE_MODULE(threads, &ampoule::threads::init);
