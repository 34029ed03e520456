// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Where events.cpp's signal handler returns to (sigreturn(2)).
  .text
  .globl ampoule_hosted_restore
  .type ampoule_hosted_restore, @function
ampoule_hosted_restore:
  mov $15, %eax
  syscall
  .size ampoule_hosted_restore, . - ampoule_hosted_restore
