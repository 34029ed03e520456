/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 * In front of musl's src/internal/syscall.h: cancellation points make plain
 * calls. (musl's own way has a variable number, which would keep every system
 * call of the library OS alive.) */
#include_next "syscall.h"

#undef __syscall_cp0
#undef __syscall_cp1
#undef __syscall_cp2
#undef __syscall_cp3
#undef __syscall_cp4
#undef __syscall_cp5
#undef __syscall_cp6
#define __syscall_cp0(n) __syscall0(n)
#define __syscall_cp1(n, a) __syscall1(n, __scc(a))
#define __syscall_cp2(n, a, b) __syscall2(n, __scc(a), __scc(b))
#define __syscall_cp3(n, a, b, c) __syscall3(n, __scc(a), __scc(b), __scc(c))
#define __syscall_cp4(n, a, b, c, d)                                           \
  __syscall4(n, __scc(a), __scc(b), __scc(c), __scc(d))
#define __syscall_cp5(n, a, b, c, d, e)                                        \
  __syscall5(n, __scc(a), __scc(b), __scc(c), __scc(d), __scc(e))
#define __syscall_cp6(n, a, b, c, d, e, f)                                     \
  __syscall6(n, __scc(a), __scc(b), __scc(c), __scc(d), __scc(e), __scc(f))

#undef __socketcall_cp
#define __socketcall_cp(name, a, b, c, d, e, f)                                \
  __socketcall(name, a, b, c, d, e, f)
