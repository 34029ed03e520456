// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The first instruction of a process that has the library OS in it: the kernel's
// stack holds argc, argv, envp; the program gets the image's own.
  .section .text.boot, "ax", @progbits
  .globl _start
  .type _start, @function
_start:
  xor %ebp, %ebp
  mov %rsp, %rdi
  mov $__ampoule_stack_top, %esp
  call ampouleHostedStart
  ud2
  .size _start, . - _start
