// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// From an exception to the program's handler and back (fault.cpp), and calls on
// another stack.
#define REG_RDI 64                // ucontext_t, arch/x86_64: 8 * REG_…
#define REG_RSP 120
#define REG_RIP 128
#define REG_FLAGS 136
#define DELIVERY 1088             // sizeof(Delivery)
#define FXSAVE_SIZE 512

// void ampoule_fault(TrapFrame &frame): returns if there is no handler. The
// vector registers are still the program's: nothing ran yet that uses them.
  .section .text.ampoule_fault, "ax", @progbits
  .globl ampoule_fault
  .type ampoule_fault, @function
ampoule_fault:
  push %rbx
  mov %rsp, %rbx
  mov ampoule_fault_state_size, %ecx
  sub %rcx, %rsp
  and $-64, %rsp
  cmp $FXSAVE_SIZE, %ecx
  ja 1f
  fxsave (%rsp)
  jmp 2f
1:
  // The header must be zero where XSAVE writes nothing
  // (Intel SDM volume 1, section 13.4.2).
  xor %eax, %eax
  .irp at, 512, 520, 528, 536, 544, 552, 560, 568
  mov %rax, \at(%rsp)
  .endr
  mov $-1, %eax
  mov $-1, %edx
  xsave (%rsp)
2:
  sub $DELIVERY, %rsp
  mov %rsp, %rsi
  call ampouleFault
  test %rax, %rax
  jnz 3f
  mov %rbx, %rsp
  pop %rbx
  ret
3:
  mov %rax, %rsp
  mov %rax, %rdi
  call ampouleRunHandler          // does not return
  ud2
  .size ampoule_fault, . - ampoule_fault

// void ampoule_resume(const uint64_t *registers, const void *state)
// Goes on with all of them. What is needed last lies below the stack pointer
// that is to be, where no code keeps anything (there is no red zone).
  .section .text.ampoule_resume, "ax", @progbits
  .globl ampoule_resume
  .type ampoule_resume, @function
ampoule_resume:
  mov ampoule_fault_state_size, %ecx
  cmp $FXSAVE_SIZE, %ecx
  ja 1f
  fxrstor (%rsi)
  jmp 2f
1:
  mov $-1, %eax
  mov $-1, %edx
  xrstor (%rsi)
2:
  mov REG_RSP(%rdi), %rax
  mov REG_RIP(%rdi), %rcx
  mov %rcx, -8(%rax)
  mov REG_FLAGS(%rdi), %rcx
  mov %rcx, -16(%rax)
  mov REG_RDI(%rdi), %rcx
  mov %rcx, -24(%rax)
  sub $24, %rax
  push %rax
  mov 0(%rdi), %r8
  mov 8(%rdi), %r9
  mov 16(%rdi), %r10
  mov 24(%rdi), %r11
  mov 32(%rdi), %r12
  mov 40(%rdi), %r13
  mov 48(%rdi), %r14
  mov 56(%rdi), %r15
  mov 72(%rdi), %rsi
  mov 80(%rdi), %rbp
  mov 88(%rdi), %rbx
  mov 96(%rdi), %rdx
  mov 104(%rdi), %rax
  mov 112(%rdi), %rcx
  pop %rsp
  pop %rdi
  popfq
  ret
  .size ampoule_resume, . - ampoule_resume

// void ampoule_call_on(void *stack, handler, long, void *, void *)
  .section .text.ampoule_call_on, "ax", @progbits
  .globl ampoule_call_on
  .type ampoule_call_on, @function
ampoule_call_on:
  push %rbp
  mov %rsp, %rbp
  mov %rdi, %rsp
  and $-16, %rsp
  mov %rsi, %rax
  mov %rdx, %rdi
  mov %rcx, %rsi
  mov %r8, %rdx
  call *%rax
  mov %rbp, %rsp
  pop %rbp
  ret
  .size ampoule_call_on, . - ampoule_call_on
