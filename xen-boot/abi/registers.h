// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// For assembly: the general registers on the stack, in the order of TrapFrame
// (libos/panic/panic.h).
.macro SAVE_REGISTERS
  push %rax
  push %rbx
  push %rcx
  push %rdx
  push %rsi
  push %rdi
  push %rbp
  push %r8
  push %r9
  push %r10
  push %r11
  push %r12
  push %r13
  push %r14
  push %r15
.endm
