// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// From one thread to another, within a call of the library OS: what a function
// has to keep (System V ABI, section 3.2.3: six registers and the control words
// of x87 and SSE) lies on each thread's stack. A thread that is interrupted has
// the rest there, too (libos/events/upcall.S).

// void ampoule_switch(std::uint64_t *saved, std::uint64_t next)
  .text
  .globl ampoule_switch
  .type ampoule_switch, @function
ampoule_switch:
  push %rbp
  push %rbx
  push %r12
  push %r13
  push %r14
  push %r15
  sub $8, %rsp
  stmxcsr (%rsp)
  fnstcw 4(%rsp)
  mov %rsp, (%rdi)
  mov %rsi, %rsp
  ldmxcsr (%rsp)
  fldcw 4(%rsp)
  add $8, %rsp
  pop %r15
  pop %r14
  pop %r13
  pop %r12
  pop %rbx
  pop %rbp
  ret
  .size ampoule_switch, . - ampoule_switch

// Where ampoule_switch returns to on a new stack. r12: entry, r13: argument.
  .globl ampoule_begin_thread
  .type ampoule_begin_thread, @function
ampoule_begin_thread:
  mov %r12, %rdi
  mov %r13, %rsi
  xor %ebp, %ebp
  call ampouleThreadMain          // does not return
  ud2
  .size ampoule_begin_thread, . - ampoule_begin_thread
