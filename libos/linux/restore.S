// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Where a signal handler returns to (sigreturn(2)). Debuggers and unwinders
// know it by these bytes.
  .text
  .globl ampoule_linux_restore
  .type ampoule_linux_restore, @function
ampoule_linux_restore:
  mov $15, %eax
  syscall
  .size ampoule_linux_restore, . - ampoule_linux_restore
