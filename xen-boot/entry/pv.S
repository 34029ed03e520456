// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The PV entry: 64-bit, ring 3, on page tables that Xen's domain builder made.
// rsi holds the address of start_info (xen/include/public/xen.h).
  .section .text.boot, "ax", @progbits
  .globl ampoule_pv_entry
  .type ampoule_pv_entry, @function
ampoule_pv_entry:
  cld
  rdtsc
  shl $32, %rdx
  or %rax, %rdx
  mov %rsi, %rdi
  mov %rdx, %rsi
  mov $__ampoule_stack_top, %esp
  xor %ebp, %ebp
  movb $1, ampoule_hypercall_kind
  call ampouleBootPv              // (start_info, ticks), does not return
  ud2
  .size ampoule_pv_entry, . - ampoule_pv_entry
