// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What musl's pthreads ask of a kernel.
#include "libos/console/line.h"
#include "libos/posix/futex.h"
#include "libos/posix/posix.h"
#include "libos/shutdown/shutdown.h"
#include "libos/threads/stacks.h"
#include "libos/threads/threads.h"

using namespace ampoule;
using namespace ampoule::posix;

/// The linker's answer.
extern "C" int __ampoule_live_pthread_create();

/// clone(2), for threads only.
extern "C" int ampoule_clone(int (*entry)(void *), void *stack, long flags,
                             void *argument, std::uint32_t *parentId,
                             std::uint64_t threadPointer,
                             std::uint32_t *clearOnExit) {
  constexpr long kThread = 0x10000; // CLONE_THREAD
  if (!(flags & kThread))
    return -kNoSuchCall;
  threads::beginCall();
  int id = threads::create(entry, stack, argument, threadPointer, clearOnExit);
  *parentId = static_cast<std::uint32_t>(id);
  threads::endCall();
  return id;
}

// What pthread_create(3) asks for; clone(3) itself refuses CLONE_THREAD.
AMPOULE_SUPPORTS(clone, 2, "flags", 0x7d0f00);

[[noreturn]] static void leave(void *stack, std::size_t size) {
  threads::Thread &thread = threads::self();
  if (thread.clearOnExit) {
    __atomic_store_n(thread.clearOnExit, 0, __ATOMIC_SEQ_CST);
    wakeWaiters(thread.clearOnExit, 1);
  }
  threads::exit(stack, size);
}

/// A detached thread's end: its stack goes with it.
extern "C" [[noreturn]] void ampoule_exit_with_stack(void *stack,
                                                     std::size_t size) {
  threads::beginCall();
  leave(stack, size);
}

AMPOULE_SYSCALL(exit, long status) {
  if (__ampoule_live_pthread_create())
    leave(nullptr, 0);
  shutdown::end(shutdown::Kind::Exit, static_cast<int>(status));
}

AMPOULE_SYSCALL(set_tid_address, std::uint32_t *address) {
  if (__ampoule_live_pthread_create())
    threads::self().clearOnExit = address;
  return threads::self().id;
}

AMPOULE_SYSCALL(gettid) { return threads::self().id; }

AMPOULE_SYSCALL(sched_yield) {
  threads::yield();
  return 0;
}

AMPOULE_SYSCALL(set_thread_area, std::uint64_t pointer) {
  threads::setThreadPointer(pointer);
  return 0;
}

/// A stack for a thread that needs `size` bytes, the last `used` of them zero,
/// from the arena; `size` becomes what it has. Null: it must come from the
/// heap, or, with `size` 0, not at all.
extern "C" void *ampoule_take_stack(std::size_t *size, std::size_t used) {
  if (*size > threads::stackSize()) {
    static constinit bool said = false;
    if (!said && console::says(LogLevel::Warning))
      (console::Line() << "ampoule: a thread's stack of ").number(*size >> 10)
          << " KiB is more than the configured ones have: it lies in the heap, "
             "without a guard page (--ampoule-thread-stack)";
    said = true;
    return nullptr;
  }
  *size = 0;
  threads::beginCall();
  auto *stack = static_cast<char *>(threads::takeStack());
  threads::endCall();
  if (!stack)
    return nullptr;
  *size = threads::stackSize();
  __builtin_memset(stack + *size - used, 0, used);
  return stack;
}

extern "C" void ampoule_set_cancellable(int isCancellable) {
  threads::self().isCancellable = isCancellable;
}

AMPOULE_SUPPORTS(prctl, 0, "option", 15, 16);
AMPOULE_SYSCALL(prctl, long option, char *name) {
  constexpr long kSetName = 15, kGetName = 16; // PR_SET_NAME, PR_GET_NAME
  char(&own)[16] = threads::self().name;
  switch (option) {
  case kSetName:
    for (unsigned i = 0; i + 1 < sizeof(own); ++i)
      if (!(own[i] = name[i]))
        break;
    return 0;
  case kGetName:
    __builtin_memcpy(name, own, sizeof(own));
    return 0;
  default:
    static constinit bool said = false;
    __ampoule_refused("prctl", static_cast<unsigned long>(option), &said);
    return -kInvalid;
  }
}

// One policy, one priority.
AMPOULE_SYSCALL(sched_getparam, long, std::int32_t *priority) {
  *priority = 0;
  return 0;
}
AMPOULE_SYSCALL(sched_getscheduler) { return 0; }
AMPOULE_SYSCALL(sched_get_priority_max) { return 0; }
AMPOULE_SYSCALL(sched_get_priority_min) { return 0; }
AMPOULE_SYSCALL(sched_setscheduler, long, long policy,
                const std::int32_t *priority) {
  return policy == 0 && *priority == 0 ? 0 : -kInvalid;
}
AMPOULE_SYSCALL(sched_setparam, long, const std::int32_t *priority) {
  return *priority == 0 ? 0 : -kInvalid;
}
