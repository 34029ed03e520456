// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Where boot code ends: behind the door on PVH, called on PV. Everything is mapped
// as it stays, so now Xen is asked to keep it so. A Xen that cannot answers
// -ENOSYS; bare QEMU is not asked. rdi: the hand-off.
#include "xen-boot/abi/seal.h"

  .section .text.sealed, "ax", @progbits
  .globl ampoule_sealed
  .type ampoule_sealed, @function
ampoule_sealed:
  and $-16, %rsp
  cmpb $0, ampoule_hypercall_kind
  je 1f
  push %rdi
  mov $ampoule_seal_request, %edi
  push $AMPOULE_HYPERCALL_SEAL
  pop %r9
  call ampoule_hypercall
  pop %rdi
  mov %rax, AMPOULE_HANDOFF_SEAL(%rdi)
1:
  call ampouleStart               // does not return
  ud2
  .size ampoule_sealed, . - ampoule_sealed

// struct xen_seal: one range of text, one of read-only data, without the page
// tables, which the processor counts as written. PV has its own page tables
// looked at instead.
  .section .rodata.ampoule_seal_request, "a", @progbits
  .balign 8
  .type ampoule_seal_request, @object
ampoule_seal_request:
  .short AMPOULE_SEAL_VERSION, AMPOULE_SEAL_HYPERCALLS, 1, 1
  .globl ampoule_hypercalls       // the linker knows which the image issues
ampoule_hypercalls:
  .quad -1
  .quad __ampoule_text_start, __ampoule_text_end
  .quad __ampoule_rodata_start, __ampoule_page_tables
  .size ampoule_seal_request, . - ampoule_seal_request

// Whether `ampoule verify` proves the image; the linker clears it if not.
  .section .rodata.ampoule_is_proved, "a", @progbits
  .globl ampoule_is_proved
  .type ampoule_is_proved, @object
ampoule_is_proved: .byte 1
  .size ampoule_is_proved, 1
