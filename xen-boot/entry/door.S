// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The door (PVH). Its eight bytes are the last of the boot pages; they load the
// sealed page tables, which do not map the boot pages. So the processor goes on
// with the first byte of the next page (seal.S), and what it came from no longer
// exists.
// rdi: the hand-off. docs/sealing.md says what that proves.
  .section .text.door, "ax", @progbits
  .globl ampoule_door
  .type ampoule_door, @function
ampoule_door:
  mov $__ampoule_page_tables, %eax
  mov %rax, %cr3
  .size ampoule_door, . - ampoule_door
