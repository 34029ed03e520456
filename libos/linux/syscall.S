// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// long __ampoule_syscall(number, a, b, c, d, e, f), with the kernel's
// convention (syscall(2): rax; rdi, rsi, rdx, r10, r8, r9).
  .text
  .globl __ampoule_syscall
  .type __ampoule_syscall, @function
__ampoule_syscall:
  mov %rdi, %rax
  mov %rsi, %rdi
  mov %rdx, %rsi
  mov %rcx, %rdx
  mov %r8, %r10
  mov %r9, %r8
  mov 8(%rsp), %r9
  syscall
  ret
  .size __ampoule_syscall, . - __ampoule_syscall
