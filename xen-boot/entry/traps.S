// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Processor exceptions, all fatal so far: save the registers and report. One
// stub a vector (kStubSize in xen-boot/abi/layout.h), which tells the number to
// what all have in common; the linker writes the interrupt gates (Intel SDM
// volume 3A, section 7.12), Xen calls the second row.
#include "xen-boot/abi/registers.h"
#define HAS_ERROR_CODE ((1 << 8) | (0x1f << 10) | (1 << 17) | (1 << 21) | (3 << 29))
#define VECTORS 32
#define GATES (VECTORS + 1)

.macro STUBS common
  .set vector, 0
  .rept VECTORS
  push $vector                    // two bytes, and the jump two
  jmp \common
  .set vector, vector + 1
  .endr
.endm

  .text
  .balign 4
  .globl __ampoule_trap_stubs
  .type __ampoule_trap_stubs, @function
__ampoule_trap_stubs:
  STUBS .Ltrap

// The frame is libos/panic/panic.h: TrapFrame. Vectors for which the processor
// pushes no error code get one of zero.
.Ltrap:
  push %rax
  push %rcx
  mov 16(%rsp), %ecx
  mov $HAS_ERROR_CODE, %eax
  bt %ecx, %eax
  pop %rcx
  pop %rax
  jc .LsaveRegisters
  push (%rsp)
  movq $0, 8(%rsp)
.LsaveRegisters:
  SAVE_REGISTERS
  mov %rsp, %rdi
  cld
  and $-16, %rsp
  call ampouleTrap                // does not return
  ud2
  .size __ampoule_trap_stubs, . - __ampoule_trap_stubs

// What Xen pushes on top (rcx and r11) goes back where it was.
  .balign 4
  .globl ampoule_pv_trap_stubs
  .type ampoule_pv_trap_stubs, @function
ampoule_pv_trap_stubs:
  STUBS .LpvTrap
.LpvTrap:
  mov 8(%rsp), %rcx
  mov 16(%rsp), %r11
  pop 8(%rsp)                     // the vector, into r11's place
  lea 8(%rsp), %rsp
  jmp .Ltrap
  .size ampoule_pv_trap_stubs, . - ampoule_pv_trap_stubs

// The gates themselves: constant data that the linker fills.
  .section .ampoule.idt, "a", @progbits
  .balign 16
  .globl __ampoule_idt
  .type __ampoule_idt, @object
__ampoule_idt:
  .skip GATES * 16
  .size __ampoule_idt, GATES * 16
