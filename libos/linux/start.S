// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The Linux target's first instruction: the stack holds argc, argv, envp.
  .section .text.boot, "ax", @progbits
  .globl _start
  .type _start, @function
_start:
  xor %ebp, %ebp
  mov %rsp, %rdi
  and $-16, %rsp
  call ampouleLinuxStart
  ud2
  .size _start, . - _start
