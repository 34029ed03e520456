// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Where Xen interrupts the program. All registers are kept, those of the
// floating-point unit too: handlers are ordinary code.
#include "xen-boot/abi/registers.h"

// Saves everything, calls ampouleUpcall, restores everything but the frame.
.macro HANDLE
  SAVE_REGISTERS
  cld
  mov %rsp, %rbx
  call ampoule_upcall_body
  pop %r15
  pop %r14
  pop %r13
  pop %r12
  pop %r11
  pop %r10
  pop %r9
  pop %r8
  pop %rbp
  pop %rdi
  pop %rsi
  pop %rdx
  pop %rcx
  pop %rbx
  pop %rax
.endm

  .section .text.ampoule_upcall, "ax", @progbits
  .globl ampoule_upcall, ampoule_pv_upcall
  .type ampoule_upcall, @function
  .type ampoule_pv_upcall, @function

// PVH, through the gate: rip, cs, rflags, rsp, ss on the stack.
ampoule_upcall:
  HANDLE
  iretq
  .size ampoule_upcall, . - ampoule_upcall

// PV: Xen pushes rcx and r11 on top of that frame, and has masked upcalls. The
// way back is a hypercall (xen/include/public/arch-x86/xen-x86_64.h, struct
// iret_context): it unmasks them and returns at once.
#define HYPERVISOR_iret 23
ampoule_pv_upcall:
  pop %rcx
  pop %r11
  HANDLE
  push $0                         // flags: not from a system call
  push %rcx
  push %r11
  push %rax
  mov $HYPERVISOR_iret, %eax
  .globl ampoule_hypercall_23     // so that a seal permits it
ampoule_hypercall_23:
  jmp ampoule_hypercall_pv
  .size ampoule_pv_upcall, . - ampoule_pv_upcall

// rbx: the stack to return to, right above our return address.
ampoule_upcall_body:
  mov ampoule_xsave_size, %ecx
  test %ecx, %ecx
  jz 1f
  sub %rcx, %rsp
  and $-64, %rsp
  // The header must be zero where XSAVE writes nothing
  // (Intel SDM volume 1, section 13.4.2).
  xor %eax, %eax
  mov %rax, 512(%rsp)
  mov %rax, 520(%rsp)
  mov %rax, 528(%rsp)
  mov %rax, 536(%rsp)
  mov %rax, 544(%rsp)
  mov %rax, 552(%rsp)
  mov %rax, 560(%rsp)
  mov %rax, 568(%rsp)
  mov $-1, %eax
  mov $-1, %edx
  xsave (%rsp)
  call ampouleUpcall
  mov $-1, %eax
  mov $-1, %edx
  xrstor (%rsp)
  jmp 2f
1:
  sub $512, %rsp
  and $-16, %rsp
  fxsave (%rsp)
  call ampouleUpcall
  fxrstor (%rsp)
2:
  lea -8(%rbx), %rsp
  ret
