// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The PVH entry (xen/include/public/arch-x86/hvm/start_info.h): 32-bit, paging
// off, ebx holds the address of hvm_start_info. What that refers to may lie
// anywhere below 4 GiB, also where nothing is mapped later, so it is copied
// before paging is switched on. Then long mode, on a copy of the linker's page
// tables that also maps the boot pages; it lies where the heap will be.
#define CR0_PE 0x1
#define CR0_MP 0x2
#define CR0_EM 0x4
#define CR0_TS 0x8
#define CR0_NE 0x20
#define CR0_WP 0x10000
#define CR0_PG 0x80000000
#define CR4_PAE 0x20
#define CR4_OSFXSR 0x200
#define CR4_OSXMMEXCPT 0x400
#define MSR_EFER 0xc0000080
#define EFER_SCE 0x1
#define EFER_LME 0x100
#define EFER_NXE 0x800

#define PAGE_SIZE 4096
#define PTE_TABLE 0x23              // present, writable, accessed
#define PTE_EXECUTE 0x61            // present, accessed, dirty

#define COMMAND_LINE_SIZE 4096
#define MEMORY_MAP_ENTRIES 64
#define MEMORY_MAP_ENTRY 24
#define START_INFO_SIZE 56

  .section .text.boot, "ax", @progbits
  .code32
  .globl ampoule_pvh_entry
  .type ampoule_pvh_entry, @function
ampoule_pvh_entry:
  cld
  rdtsc
  mov %eax, ampoule_pvh_ticks
  mov %edx, ampoule_pvh_ticks + 4

  // hvm_start_info
  mov %ebx, %esi
  mov $ampoule_pvh_start_info, %edi
  mov $(START_INFO_SIZE / 4), %ecx
  rep movsl

  // The command line, at most COMMAND_LINE_SIZE - 1 bytes; .bss ends it.
  mov 24(%ebx), %esi
  test %esi, %esi
  jz 2f
  mov $ampoule_pvh_command_line, %edi
  mov $(COMMAND_LINE_SIZE - 1), %ecx
1:
  lodsb
  test %al, %al
  jz 2f
  stosb
  loop 1b
2:
  // The memory map, if the structure has one (version 1 on).
  cmpl $1, 4(%ebx)
  jb 3f
  mov 48(%ebx), %ecx
  cmp $MEMORY_MAP_ENTRIES, %ecx
  jbe 4f
  mov $MEMORY_MAP_ENTRIES, %ecx
4:
  mov %ecx, ampoule_pvh_memory_map_entries
  imul $(MEMORY_MAP_ENTRY / 4), %ecx
  mov 40(%ebx), %esi
  mov $ampoule_pvh_memory_map, %edi
  rep movsl
3:
  // The table of each level that leads to the boot pages, each linked to the
  // next. They lie in the first GiB, but not always in its first 2 MiB.
  mov $__ampoule_page_tables, %edx
  mov $__ampoule_image_end, %edi
  mov $3, %ebp
6:
  xor %ebx, %ebx                  // the entry
  cmp $1, %ebp                    // of the page directory
  jne 9f
  mov $__ampoule_boot_entry, %ebx
9:
  mov %edx, %esi
  mov (%edx, %ebx), %edx
  and $-PAGE_SIZE, %edx
  mov $(PAGE_SIZE / 4), %ecx
  rep movsl
  dec %ebp
  js 7f
  lea PTE_TABLE(%edi), %eax
  mov %eax, -PAGE_SIZE(%edi, %ebx)
  jmp 6b
7:
  // Boot pages: read and execute. The linker's tables do not map them, so the
  // upper halves of their entries are zero.
  mov $__ampoule_boot_start, %eax
8:
  mov %eax, %ecx
  shr $9, %ecx                    // eight bytes for each page
  lea PTE_EXECUTE(%eax), %edx
  mov %edx, __ampoule_boot_table(%edi, %ecx)
  add $PAGE_SIZE, %eax
  cmp $__ampoule_text_start, %eax
  jb 8b
  mov $__ampoule_image_end, %eax
  mov %eax, %cr3
  mov %cr4, %eax
  or $(CR4_PAE | CR4_OSFXSR | CR4_OSXMMEXCPT), %eax
  mov %eax, %cr4
  mov $MSR_EFER, %ecx
  rdmsr
  and $~EFER_SCE, %eax
  or $(EFER_LME | EFER_NXE), %eax
  wrmsr
  mov %cr0, %eax
  and $~(CR0_EM | CR0_TS), %eax
  or $(CR0_PG | CR0_WP | CR0_NE | CR0_MP | CR0_PE), %eax
  mov %eax, %cr0
  lgdt ampoule_gdt_pointer
  ljmp $8, $5f
  .code64
5:
  mov $16, %eax
  mov %eax, %ds
  mov %eax, %es
  mov %eax, %ss
  xor %eax, %eax
  mov %eax, %fs
  mov %eax, %gs
  lldt %ax
  mov $__ampoule_stack_top, %esp
  xor %ebp, %ebp
  call ampouleBootPvh
  mov %rax, %rdi
  jmp ampoule_door
  .size ampoule_pvh_entry, . - ampoule_pvh_entry

// Flat code and data for ring 0, already accessed: the table is read-only. The
// task register is loaded from a copy, since ltr writes to its descriptor.
  .section .ampoule.gdt, "a", @progbits
  .balign 16
  .globl ampoule_gdt, ampoule_gdt_pointer
ampoule_gdt:
  .quad 0
  .quad 0x00af9b000000ffff        // 8: code, 64-bit
  .quad 0x00cf93000000ffff        // 16: data
ampoule_gdt_end:
ampoule_gdt_pointer:
  .word ampoule_gdt_end - ampoule_gdt - 1
  .quad ampoule_gdt

  .section .bss.boot, "aw", @nobits
  .balign 8
  .globl ampoule_pvh_ticks, ampoule_pvh_start_info, ampoule_pvh_command_line
  .globl ampoule_pvh_memory_map, ampoule_pvh_memory_map_entries
ampoule_pvh_ticks: .skip 8
ampoule_pvh_start_info: .skip START_INFO_SIZE
ampoule_pvh_memory_map: .skip MEMORY_MAP_ENTRIES * MEMORY_MAP_ENTRY
ampoule_pvh_memory_map_entries: .skip 8
ampoule_pvh_command_line: .skip COMMAND_LINE_SIZE
