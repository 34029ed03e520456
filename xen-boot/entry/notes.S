// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Xen's ELF notes (xen/include/public/elfnote.h): one image has a PV and a PVH
// entry. Addresses: virtual == physical. There is no hypercall page: the image
// issues hypercalls by itself.
#define FEATURE_SUPERVISOR_MODE_KERNEL 3
#define FEATURE_HVM_CALLBACK_VECTOR 8
#define FEATURE_DOM0 11

.macro NOTE type, directive, value:vararg
  .balign 4
  .long 4, 2f - 1f, \type
  .asciz "Xen"
1:
  \directive \value
2:
  .balign 4
.endm

// What anyone needs who checks an image: physical address of the tables it boots
// on (0: built at run time), of the sealed ones, and where the sealed code begins.
  .section .note.Ampoule, "a", @note
  .globl ampoule_note             // a root of every image
ampoule_note:
  .balign 4
  .long 8, 24, 1
  .asciz "Ampoule"
  .quad 0, __ampoule_page_tables, ampoule_sealed

  .section .note.Xen, "a", @note
  .globl ampoule_xen_notes        // a root of every image
ampoule_xen_notes:
  NOTE 6, .asciz, "Ampoule"                       // GUEST_OS
  NOTE 7, .asciz, "0.1"                           // GUEST_VERSION
  NOTE 5, .asciz, "xen-3.0"                       // XEN_VERSION: the PV ABI
  NOTE 8, .asciz, "generic"                       // LOADER
  NOTE 3, .quad, 0                                // VIRT_BASE
  NOTE 4, .quad, 0                                // PADDR_OFFSET
  NOTE 1, .quad, ampoule_pv_entry                 // ENTRY
  NOTE 9, .asciz, "yes"                           // PAE_MODE
  NOTE 10, .asciz, "!writable_page_tables|pae_pgdir_above_4gb" // FEATURES
  NOTE 17, .long, (1 << FEATURE_DOM0) | (1 << FEATURE_HVM_CALLBACK_VECTOR) | (1 << 5)
  NOTE 18, .long, ampoule_pvh_entry               // PHYS32_ENTRY
