// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The places where musl leaves C to begin, to end and to cancel a thread, for the
// library OS's threads. Compiled against musl's internal headers.
#include "pthread_impl.h"

#include <stdarg.h>

/// The bounds of musl's cancellable system call, which an image does not have:
/// its calls are plain functions.
hidden const char __cp_begin[1], __cp_end[1], __cp_cancel[1];

/// That call itself: of the Linux target only.
hidden long __syscall_cp_asm(void) {
  a_crash();
  return 0;
}

hidden int ampoule_clone(int (*)(void *), void *, long, void *, int *, void *,
                         volatile int *);
hidden _Noreturn void ampoule_exit_with_stack(void *, size_t);

int __clone(int (*entry)(void *), void *stack, int flags, void *argument, ...) {
  va_list rest;
  va_start(rest, argument);
  int *parentId = va_arg(rest, int *);
  void *threadPointer = va_arg(rest, void *);
  volatile int *clearOnExit = va_arg(rest, volatile int *);
  va_end(rest);
  return ampoule_clone(entry, stack, flags, argument, parentId, threadPointer,
                       clearOnExit);
}

void __unmapself(void *stack, size_t size) {
  ampoule_exit_with_stack(stack, size);
}
