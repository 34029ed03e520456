// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Writes the link script. Three regions, each whole pages and none both
// writable and executable; then the main stack and those of threads, each above
// a guard page that is not mapped:
//
//   boot    R X   not mapped once the program runs
//   text    R X
//   rodata  R     constants, exception tables, descriptor tables, page tables
//   data    R W   initialised, then zero
//   guard         not mapped
//   stack   R W   the main one, then as many more as there can be threads
//
// Pages to be granted, if there are drivers, lie below all of that: whole large
// pages, which need no tables of their own, between addresses that are not mapped
// anyway, for there is nothing below them and boot code above.
//
// The image stage writes page tables into the room that is left for them, from
// what lld really did.
#include "linker/Layout.h"
#include "xen-boot/abi/layout.h"

#include "llvm/Support/FormatVariadic.h"
#include <random>

using namespace llvm;

namespace ampoule::linker {
namespace {

constexpr StringLiteral kSections = R"(
PHDRS {
  text PT_LOAD FLAGS(5);
  rodata PT_LOAD FLAGS(4);
  data PT_LOAD FLAGS(6);
  note PT_NOTE FLAGS(4);
  tls PT_TLS FLAGS(4);
}
SECTIONS {
  . = %BASE%;
%POOL%%BOOT%
  __ampoule_text_start = .;
  .text : {
    KEEP(*(%FIRST%))
    *(.text.unlikely .text.unlikely.* .text.hot .text.hot.*)
    *(.text .text.*)
  } :text
  . = ALIGN(0x1000);
  __ampoule_text_end = .;
  . += %GAP%;
  __ampoule_rodata_start = .;
  .note : {
    KEEP(*(.note.Xen))
    KEEP(*(.note.Ampoule))
    __ampoule_build_id = . + 16; /* behind the note's header */
    *(.note.gnu.build-id)
  } :rodata :note
  . += %PADDING%;
  .rodata : {
    *(.rodata .rodata.* .data.rel.ro .data.rel.ro.*)
  } :rodata
  .ampoule.gdt : { KEEP(*(.ampoule.gdt)) } :rodata
  .ampoule.idt : { KEEP(*(.ampoule.idt)) } :rodata
%FRAMES%  .gcc_except_table : { *(.gcc_except_table .gcc_except_table.*) } :rodata
  .preinit_array : {
    __preinit_array_start = .;
    KEEP(*(.preinit_array))
    __preinit_array_end = .;
  } :rodata
  .init_array : {
    __init_array_start = .;
    KEEP(*(SORT_BY_INIT_PRIORITY(.init_array.*) SORT_BY_INIT_PRIORITY(.ctors.*)))
    KEEP(*(.init_array .ctors))
    __init_array_end = .;
  } :rodata
  .fini_array : {
    __fini_array_start = .;
    KEEP(*(SORT_BY_INIT_PRIORITY(.fini_array.*) SORT_BY_INIT_PRIORITY(.dtors.*)))
    KEEP(*(.fini_array .dtors))
    __fini_array_end = .;
  } :rodata
  .tdata : { *(.tdata .tdata.*) } :rodata :tls
  .tbss : { *(.tbss .tbss.*) } :rodata :tls
  __ampoule_tls_start = ADDR(.tdata);
  __ampoule_tls_filesz = SIZEOF(.tdata);
  __ampoule_tls_memsz = SIZEOF(.tbss) ? ADDR(.tbss) + SIZEOF(.tbss) - ADDR(.tdata) : SIZEOF(.tdata);
  __ampoule_tls_align = MAX(1, MAX(ALIGNOF(.tdata), ALIGNOF(.tbss)));
  /* How far before the thread pointer it begins. */
  __ampoule_tls_offset = ALIGN(__ampoule_tls_start + __ampoule_tls_memsz, __ampoule_tls_align) - __ampoule_tls_start;
%TABLES%
  . = ALIGN(0x1000);
  __ampoule_rodata_end = .;
  . += %GAP%;
  __ampoule_data_start = .;
  . += %PADDING%;
  .data : { *(.data .data.*) } :data
  .bss : {
    /* The first thread's storage, and behind it what is known of the thread. */
    . = ALIGN(. + __ampoule_tls_offset, MAX(16, __ampoule_tls_align));
    *(.bss.ampoule_first_thread)
    *(.bss .bss.* COMMON)
  } :data
  . = ALIGN(0x1000);
  __ampoule_data_end = .;
%STACK%%UNLOADED%
  /DISCARD/ : { *(.note.GNU-stack) *(.comment) *(.llvm_addrsig) *(.ampoule.modules) }
}
)";

// Boot code has pages of its own; the last eight bytes of them are the door,
// and the text that stays begins behind it.
constexpr StringLiteral kBoot = R"(
  __ampoule_boot_start = .;
  /* Where the page directory speaks of it; and where, from the end of the table
     of its pages, a table of all pages from address 0 on would begin. */
  __ampoule_boot_entry = (__ampoule_boot_start >> 21) * 8;
  __ampoule_boot_table = 0 - 0x1000 * ((__ampoule_boot_start >> 21) + 1);
  .boot : {
    KEEP(*(.text.boot .text.boot.*))
    . = ALIGN(. + 8, 0x1000) - 8;
    KEEP(*(.text.door))
  } :text =0
)";

// Sections without content: they occupy addresses (a PV domain's builder puts
// its own data behind the last of them), not the file.
constexpr StringLiteral kStack = R"(
  .ampoule.stack (NOLOAD) : {
    . += 0x1000 + %GAP%;
    __ampoule_stack_bottom = .;
    . += %STACKSIZE%;
    __ampoule_stack_top = .;
    . += %GAP%;
  } :data
  /* What musl puts on top of a stack: thread-local variables, its own record of
     the thread and the values of keys. */
  __ampoule_thread_stack_size = ALIGN(%THREADSTACK% + __ampoule_tls_offset + __ampoule_tls_align + 0x600, 0x1000);
  __ampoule_thread_stack_count = %THREADS%;
  .ampoule.stacks (NOLOAD) : {
    __ampoule_thread_stacks = . + 0x1000;
    . += __ampoule_thread_stack_count * (__ampoule_thread_stack_size + 0x1000);
  } :data
  __ampoule_image_end = .;
  __ampoule_memory_max = %MEMORYMAX%;
%HIGHMEMORY%)";

constexpr StringLiteral kFrames = R"(
  .eh_frame_hdr : {
    __eh_frame_hdr_start = .;
    *(.eh_frame_hdr)
    __eh_frame_hdr_end = .;
  } :rodata
  .eh_frame : {
    __eh_frame_start = .;
    KEEP(*(.eh_frame))
    __eh_frame_end = .;
  } :rodata
  /* Without optimisation both unwinders are there. */
  __ampoule_unwind_info = .;
)";

// The image has a table that the linker makes of the frames, which are for debuggers
// alone then: in no segment.
constexpr StringLiteral kUnwindTable = R"(
  .ampoule.unwind : ALIGN(4) {
    __ampoule_unwind_info = .;
    . += %UNWINDSIZE%;
  } :rodata
  __eh_frame_hdr_start = .;
  __eh_frame_hdr_end = .;
  __eh_frame_start = .;
  __eh_frame_end = .;
)";
constexpr StringLiteral kUnloadedFrames = R"(
  .eh_frame : { KEEP(*(.eh_frame)) } :NONE
)";

constexpr StringLiteral kTables = R"(
  . = ALIGN(0x1000);
  .ampoule.tables (NOLOAD) : {
    __ampoule_page_tables = .;
    . += %TABLESIZE%;
  } :rodata
)";

void substitute(std::string &text, StringRef key, StringRef value) {
  for (std::size_t at; (at = text.find(key)) != std::string::npos;)
    text.replace(at, key.size(), value);
}

/// Up to 15 pages that are not mapped, for each place that asks for them.
void substituteGaps(std::string &text, std::optional<std::uint32_t> seed) {
  constexpr StringLiteral kGap = "%GAP%";
  std::mt19937 random(seed.value_or(0));
  for (std::size_t at; (at = text.find(kGap)) != std::string::npos;) {
    std::uint64_t pages = seed ? random() % 16 : 0;
    text.replace(at, kGap.size(),
                 formatv("{0:x}", pages * abi::kPageSize).str());
  }
}

} // namespace

std::vector<std::string> entrySymbols(Target target) {
  if (target != Target::Xen)
    return {"_start"};
  return {"ampoule_pv_entry", "ampoule_pvh_entry", "ampoule_xen_notes",
          "ampoule_note"};
}

Layout planLayout(const Config &config, const Settings &settings,
                  const Room &room, const Placement &placement,
                  const Extras &extras) {
  constexpr std::uint64_t kGiB = 1u << 30;
  Layout layout;
  layout.entry = entrySymbols(config.target).front();
  layout.functions = placement.functions;
  // One PML4, one page of pointers, a directory for each GiB.
  layout.tablePages = 2 + divideCeil(settings.lowMemory(), kGiB) +
                      divideCeil(settings.highMemory(), kGiB) + room.leafTables;

  bool isXen = config.target == Target::Xen;
  std::uint64_t pool = abi::kIoPool;
  std::uint64_t poolEnd =
      extras.grants ? pool + abi::kIoPages * abi::kPageSize : pool;
  std::uint64_t base = extras.grants ? poolEnd : abi::kImageBase;
  std::string tables = isXen ? kTables.str() : "";
  std::string stack = config.target != Target::Linux ? kStack.str() : "";
  layout.script = kSections.str();
  substitute(layout.script, "%BOOT%", isXen ? kBoot : "");
  substitute(layout.script, "%FIRST%", isXen ? ".text.sealed" : ".text.boot");
  substitute(layout.script, "%TABLES%", tables);
  substitute(layout.script, "%FRAMES%",
             extras.unwindInfo ? kUnwindTable : kFrames);
  substitute(layout.script, "%UNLOADED%",
             extras.unwindInfo ? kUnloadedFrames : "");
  substitute(layout.script, "%UNWINDSIZE%", utostr(room.unwindInfo));
  substitute(layout.script, "%STACK%", stack);
  substituteGaps(layout.script, isXen ? config.seed : std::nullopt);
  substitute(layout.script, "%POOL%",
             isXen ? formatv("  __ampoule_io_pool = {0:x};\n"
                             "  __ampoule_io_pool_end = {1:x};\n"
                             "  __ampoule_image_start = {2:x};\n",
                             pool, poolEnd, extras.grants ? pool : base)
                         .str()
                   : "  __ampoule_io_pool = .;\n" // of no page
                     "  __ampoule_image_start = .;\n");
  substitute(layout.script, "%BASE%",
             isXen ? formatv("{0:x}", base).str()
                   : "0x400000 + SIZEOF_HEADERS");
  substitute(layout.script, "%TABLESIZE%",
             formatv("{0:x}", layout.tablePages * abi::kPageSize).str());
  substitute(layout.script, "%STACKSIZE%",
             formatv("{0:x}", settings.stack()).str());
  substitute(layout.script, "%THREADSTACK%",
             formatv("{0:x}", settings.threadStack()).str());
  substitute(layout.script, "%THREADS%",
             utostr(extras.threads ? settings.threads() : 0));
  substitute(layout.script, "%PADDING%",
             utostr(16 * placement.dataPadding));
  substitute(layout.script, "%MEMORYMAX%",
             formatv("{0:x}", settings.lowMemory()).str());
  substitute(layout.script, "%HIGHMEMORY%",
             settings.highMemory()
                 ? formatv("  __ampoule_high_memory_end = {0:x};\n",
                           abi::kHighMemory + settings.highMemory())
                       .str()
                 : "");
  return layout;
}

} // namespace ampoule::linker
