// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// long ampoule_hypercall(a1, a2, a3, a4, a5, number): one instruction a mode
// (xen/include/public/arch-x86/xen-x86_64.h). There is no hypercall page.
// Assembly that issues one has a label ampoule_hypercall_NUMBER (linker/Hypercalls).
  .text
  .globl ampoule_hypercall, ampoule_hypercall_pv
  .type ampoule_hypercall, @function
ampoule_hypercall:
  mov %r9, %rax
  mov %rcx, %r10
  cmpb $2, ampoule_hypercall_kind
  je 2f
  jb 1f
  vmcall                          // Intel
  ret
2:
  vmmcall                         // AMD
  ret
1:
ampoule_hypercall_pv:             // the only one: libos/events jumps to it
  syscall                         // PV
  ret
  .size ampoule_hypercall, . - ampoule_hypercall

// 1: PV, 2: AMD-V, 3: VT-x. Set by boot code.
  .bss
  .globl ampoule_hypercall_kind
ampoule_hypercall_kind: .skip 1
