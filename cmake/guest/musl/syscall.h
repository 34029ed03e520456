/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 * In front of musl's src/internal/syscall.h: cancellation points make plain
 * calls. (musl's own way has a variable number, which would keep every system
 * call of the library OS alive.) Where nothing can call pthread_cancel they are
 * nothing more; else see libos/libc/cancel.c. The Linux target then has musl's
 * own way: only a kernel's caller can be caught right before it waits. */
#include_next "syscall.h"

#ifndef AMPOULE_SYSCALL_H
#define AMPOULE_SYSCALL_H
int __ampoule_live_pthread_cancel(void);
int __ampoule_live_ampoule_linux_restore(void);
hidden int ampoule_begin_cancellable(void);
hidden long ampoule_end_cancellable(long);
hidden long __cancel(void);
hidden long __syscall_cp_c(long, long, long, long, long, long, long);
#endif

#define AMPOULE_CANCELLABLE(n, a, b, c, d, e, f)                               \
  (!__ampoule_live_pthread_cancel() ? __syscall6(n, a, b, c, d, e, f)          \
   : __ampoule_live_ampoule_linux_restore()                                    \
       ? __syscall_cp_c(n, a, b, c, d, e, f)                                   \
   : ampoule_begin_cancellable()                                               \
       ? ampoule_end_cancellable(__syscall6(n, a, b, c, d, e, f))              \
       : __cancel())

#undef __syscall_cp0
#undef __syscall_cp1
#undef __syscall_cp2
#undef __syscall_cp3
#undef __syscall_cp4
#undef __syscall_cp5
#undef __syscall_cp6
#define __syscall_cp0(n) AMPOULE_CANCELLABLE(n, 0, 0, 0, 0, 0, 0)
#define __syscall_cp1(n, a) AMPOULE_CANCELLABLE(n, __scc(a), 0, 0, 0, 0, 0)
#define __syscall_cp2(n, a, b)                                                 \
  AMPOULE_CANCELLABLE(n, __scc(a), __scc(b), 0, 0, 0, 0)
#define __syscall_cp3(n, a, b, c)                                              \
  AMPOULE_CANCELLABLE(n, __scc(a), __scc(b), __scc(c), 0, 0, 0)
#define __syscall_cp4(n, a, b, c, d)                                           \
  AMPOULE_CANCELLABLE(n, __scc(a), __scc(b), __scc(c), __scc(d), 0, 0)
#define __syscall_cp5(n, a, b, c, d, e)                                        \
  AMPOULE_CANCELLABLE(n, __scc(a), __scc(b), __scc(c), __scc(d), __scc(e), 0)
#define __syscall_cp6(n, a, b, c, d, e, f)                                     \
  AMPOULE_CANCELLABLE(n, __scc(a), __scc(b), __scc(c), __scc(d), __scc(e),     \
                      __scc(f))

#undef __socketcall_cp
#define __socketcall_cp(name, a, b, c, d, e, f)                                \
  __syscall_cp6(__NR_##name, a, b, c, d, e, f)
