// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Processor exceptions, all fatal so far: save the registers and report. One
// stub of 16 bytes a vector, for the interrupt gates that the linker writes
// (Intel SDM volume 3A, section 7.12); PV gets the same by way of a stub that
// drops what Xen pushes on top (rcx and r11).
#include "xen-boot/abi/registers.h"
#define HAS_ERROR_CODE ((1 << 8) | (0x1f << 10) | (1 << 17) | (1 << 21) | (3 << 29))
#define VECTORS 32
#define GATES (VECTORS + 1)

  .text
  .balign 16
  .globl __ampoule_trap_stubs
__ampoule_trap_stubs:
  .set vector, 0
  .rept VECTORS
  .balign 16
  .if ((HAS_ERROR_CODE >> vector) & 1) == 0
  push $0
  .endif
  push $vector
  jmp trap
  .set vector, vector + 1
  .endr
// The gate behind the exceptions: Xen's upcalls, if libos/events is in the
// image. Otherwise interrupts stay off.
  .balign 16
  .weak ampoule_upcall
  jmp ampoule_upcall

  .balign 16
  .globl ampoule_pv_trap_stubs
ampoule_pv_trap_stubs:
  .set vector, 0
  .rept VECTORS
  .balign 16
  pop %rcx
  pop %r11
  jmp __ampoule_trap_stubs + 16 * vector
  .set vector, vector + 1
  .endr

// The frame is libos/panic/panic.h: TrapFrame.
trap:
  SAVE_REGISTERS
  mov %rsp, %rdi
  cld
  and $-16, %rsp
  call ampouleTrap                // does not return
  ud2

// The gates themselves: constant data that the linker fills.
  .section .ampoule.idt, "a", @progbits
  .balign 16
  .globl __ampoule_idt
  .type __ampoule_idt, @object
__ampoule_idt:
  .skip GATES * 16
  .size __ampoule_idt, GATES * 16
