// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The PV boot. Xen's domain builder mapped the image and a little beyond,
// readable, writable and executable. By hypercall this becomes what the linker
// planned: W^X, a guard page, nothing below the image but the I/O window, and
// the rest of the memory mapped page by page.
//
// The first megabyte of guest-physical memory is not used by an image: its
// pages become the page tables that are needed for the rest; what does not fit
// there is taken from the end of memory.
#include "xen-boot/abi/layout.h"
#include "xen-boot/entry/boot.h"

using namespace ampoule;
using namespace ampoule::boot;

extern "C" char ampoule_pv_trap_stubs[];

namespace {

constexpr std::uint64_t kPresent = 1, kWritable = 2, kUser = 4,
                        kAccessed = 0x20, kDirty = 0x40,
                        kNoExecute = 1ull << 63;
constexpr std::uint64_t kReadWrite =
    kPresent | kWritable | kAccessed | kDirty | kNoExecute;
constexpr std::uint64_t kReadOnly = kPresent | kAccessed | kDirty | kNoExecute;
constexpr std::uint64_t kExecute = kPresent | kAccessed | kDirty;
constexpr std::uint64_t kTable =
    kPresent | kWritable | kUser | kAccessed | kDirty;
constexpr std::uint64_t kFrameMask = 0x000ffffffffff000;
constexpr std::uint64_t kEntries = 512;

/// A page below the image through which pages are filled that have no mapping.
constexpr std::uint64_t kScratch = abi::kIoWindow + 8 * abi::kPageSize;

constinit abi::Handoff handoff = {};
constinit char commandLine[MAX_GUEST_CMDLINE] = {};

/// Frame numbers of our pages; from start_info.
constinit const std::uint64_t *frames = nullptr;
/// From frame number to page number: Xen maps it for every PV guest.
AMPOULE_BOOT std::uint64_t pageOf(std::uint64_t frame) {
  return reinterpret_cast<const std::uint64_t *>(MACH2PHYS_VIRT_START)[frame];
}

AMPOULE_BOOT std::uint64_t entryFor(std::uint64_t physical,
                                    std::uint64_t flags) {
  return frames[physical / abi::kPageSize] << 12 | flags;
}

AMPOULE_BOOT void map(std::uint64_t virtualAddress, std::uint64_t entry) {
  if (xen::hypercall(__HYPERVISOR_update_va_mapping, virtualAddress, entry,
                     std::uint64_t{UVMF_INVLPG | UVMF_ALL}))
    fail("ampoule: Xen refuses a mapping\n");
}

/// Page table updates, a hypercall for many.
class Updates {
public:
  AMPOULE_BOOT void set(std::uint64_t machineAddress, std::uint64_t entry) {
    queue[count++] = {machineAddress | MMU_NORMAL_PT_UPDATE, entry};
    if (count == kSize)
      flush();
  }
  AMPOULE_BOOT void flush() {
    if (count &&
        xen::hypercall(__HYPERVISOR_mmu_update, queue, std::uint64_t{count},
                       nullptr, std::uint64_t{DOMID_SELF}))
      fail("ampoule: Xen refuses a page table update\n");
    count = 0;
  }

private:
  static constexpr unsigned kSize = 128;
  mmu_update_t queue[kSize] = {};
  unsigned count = 0;
};
constinit Updates updates;

/// Machine address of the leaf entry for `virtualAddress`; 0: no leaf table.
AMPOULE_BOOT std::uint64_t
findEntry(std::uint64_t root, std::uint64_t virtualAddress, unsigned level) {
  std::uint64_t table = root;
  for (unsigned at = 3;; --at) {
    std::uint64_t index = virtualAddress >> (12 + 9 * at) & (kEntries - 1);
    if (at == level)
      return (frames[table / abi::kPageSize] << 12) + index * 8;
    std::uint64_t entry = reinterpret_cast<const std::uint64_t *>(table)[index];
    if (!(entry & kPresent))
      return 0;
    table = pageOf((entry & kFrameMask) >> 12) << 12;
  }
}

/// Hands out pages for page tables.
class TablePages {
public:
  AMPOULE_BOOT explicit TablePages(std::uint64_t &end) : end(end) {}
  AMPOULE_BOOT std::uint64_t take() {
    if (low < abi::kIoWindow) {
      std::uint64_t page = low;
      low += abi::kPageSize;
      return page;
    }
    return end -= abi::kPageSize;
  }

private:
  std::uint64_t low = abi::kPageSize;
  std::uint64_t &end;
};

/// Fills a page through the scratch mapping; `fill` gets its entries. The page
/// is then free to become a page table: nothing maps it.
template <typename Fill>
AMPOULE_BOOT std::uint64_t makeTable(TablePages &pages, Fill fill) {
  std::uint64_t page = pages.take();
  map(kScratch, entryFor(page, kReadWrite));
  auto *table = reinterpret_cast<std::uint64_t *>(kScratch);
  for (std::uint64_t i = 0; i < kEntries; ++i)
    table[i] = fill(i);
  map(kScratch, 0);
  return page;
}

AMPOULE_BOOT std::uint64_t rightsOf(std::uint64_t at) {
  if (at >= address(__ampoule_boot_start) && at < address(__ampoule_text_end))
    return kExecute;
  if (at >= address(__ampoule_rodata_start) &&
      at < address(__ampoule_rodata_end))
    return kReadOnly;
  bool isData =
      at >= address(__ampoule_data_start) && at < address(__ampoule_data_end);
  bool isStack = at >= address(__ampoule_stack_bottom) &&
                 at < address(__ampoule_stack_top);
  std::uint64_t stackSize = address(__ampoule_thread_stack_size);
  std::uint64_t inStacks = at - address(__ampoule_thread_stacks);
  std::uint64_t stride = stackSize + abi::kPageSize;
  isStack |= inStacks < address(__ampoule_thread_stack_count) * stride &&
             inStacks % stride < stackSize;
  bool isPool = at >= address(__ampoule_io_pool) &&
                at < address(__ampoule_io_pool_end);
  if (at < address(__ampoule_image_end) && !isData && !isStack && !isPool)
    return 0; // a guard page, or a gap
  return kReadWrite;
}

/// Maps the grant table, and finds out what to write into it for each page of
/// the pool.
AMPOULE_BOOT void prepareGrants() {
  static constinit xen_pfn_t table[abi::kGrantPages] = {};
  gnttab_setup_table setup = {};
  setup.dom = DOMID_SELF;
  setup.nr_frames = abi::kGrantPages;
  set_xen_guest_handle(setup.frame_list, table);
  if (xen::hypercall(__HYPERVISOR_grant_table_op,
                     std::uint64_t{GNTTABOP_setup_table}, &setup,
                     std::uint64_t{1}) ||
      setup.status != GNTST_okay)
    fail("ampoule: Xen gives the domain no grant table of four pages\n");
  for (unsigned i = 0; i < abi::kGrantPages; ++i)
    map(abi::kGrantAddress + i * abi::kPageSize, table[i] << 12 | kReadWrite);
  std::uint64_t first = address(__ampoule_io_pool) / abi::kPageSize;
  for (unsigned i = 0; i < abi::kIoPages; ++i)
    ampoule_io_frames[i] = static_cast<std::uint32_t>(frames[first + i]);
}

AMPOULE_BOOT void installTraps() {
  constexpr std::uint8_t kMaskUpcalls = 1 << 2; // TI_SET_IF
  static constinit trap_info_t traps[33] = {};
  for (unsigned vector = 0; vector < 32; ++vector)
    traps[vector] = {static_cast<std::uint8_t>(vector), kMaskUpcalls,
                     FLAT_KERNEL_CS,
                     address(ampoule_pv_trap_stubs) + vector * abi::kStubSize};
  xen::hypercall(__HYPERVISOR_set_trap_table, traps);
}

/// The end of booting runs in text that stays: boot code is overwritten, and
/// its pages are mapped no more. What is issued here the sealed image does not
/// (linker/Hypercalls).
#define AMPOULE_UNBOOT [[gnu::section(".text.unboot"), gnu::noinline]]

AMPOULE_UNBOOT void set(std::uint64_t at, std::uint64_t entry) {
  if (xen::hypercall(__HYPERVISOR_update_va_mapping, at, entry,
                     std::uint64_t{UVMF_INVLPG | UVMF_ALL}))
    xen::shutdown(SHUTDOWN_crash);
}

[[noreturn]] AMPOULE_UNBOOT void leaveBoot() {
  for (std::uint64_t at = address(__ampoule_boot_start);
       at < address(__ampoule_text_start); at += abi::kPageSize) {
    set(at, frames[at / abi::kPageSize] << 12 | kReadWrite);
    __builtin_memset(reinterpret_cast<void *>(at), 0, abi::kPageSize);
    set(at, 0);
  }
  ampoule_sealed(handoff);
}

} // namespace

extern "C" [[noreturn]] AMPOULE_BOOT void
ampouleBootPv(const start_info_t *info, std::uint64_t ticks) {
  for (unsigned i = 0; i + 1 < sizeof(commandLine) && info->cmd_line[i]; ++i)
    commandLine[i] = static_cast<char>(info->cmd_line[i]);
  begin(handoff, abi::Mode::Pv, ticks, commandLine);
  handoff.isDom0 = info->flags & SIF_INITDOMAIN;
  frames = reinterpret_cast<const std::uint64_t *>(info->mfn_list);
  installTraps();
  enableExtendedState();

  std::uint64_t root = info->pt_base;
  std::uint64_t memoryEnd = info->nr_pages * abi::kPageSize;
  std::uint64_t window = ampoule_config_memory_max;
  std::uint64_t end = memoryEnd < window ? memoryEnd : window;
  // What stays in use, or must not be written, behind the image.
  abi::MemoryRange reserved[3] = {
      {root, root + info->nr_pt_frames * abi::kPageSize}};
  unsigned reservedRanges = 1;

  map(abi::kSharedInfoAddress, info->shared_info | kReadWrite);
  if (!handoff.isDom0) {
    handoff.consolePort = info->console.domU.evtchn;
    handoff.xenstorePort = info->store_evtchn;
    map(abi::kConsoleAddress, info->console.domU.mfn << 12 | kReadWrite);
    map(abi::kXenstoreAddress, info->store_mfn << 12 | kReadWrite);
    const std::uint64_t rings[] = {info->console.domU.mfn, info->store_mfn};
    for (std::uint64_t frame : rings) {
      std::uint64_t at = pageOf(frame) << 12;
      reserved[reservedRanges++] = {at, at + abi::kPageSize};
    }
  }
  // Nothing below the image but the window; its pages hold page tables next.
  std::uint64_t windowEnd = handoff.isDom0
                                ? abi::kConsoleAddress
                                : abi::kXenstoreAddress + abi::kPageSize;
  for (std::uint64_t at = 0; at < abi::kImageBase; at += abi::kPageSize)
    if (at < abi::kIoWindow || at >= windowEnd)
      updates.set(findEntry(root, at, 0), 0);
  updates.flush();
  if (__ampoule_live_ampoule_take_io_page())
    prepareGrants();

  // `end` moves down when a table page is taken from there; those pages stay
  // out of what is handed on.
  TablePages pages(end);
  std::uint64_t newDirectory = 0; // machine address, while in a GiB of ours
  for (std::uint64_t at = abi::kImageBase; at < end;) {
    std::uint64_t next = (at | (abi::kLargePageSize - 1)) + 1;
    if (at % (1 << 30) == 0) {
      newDirectory = 0;
      if (!findEntry(root, at, 1)) {
        std::uint64_t page =
            makeTable(pages, [](std::uint64_t) { return std::uint64_t{0}; });
        updates.set(findEntry(root, at, 2), entryFor(page, kTable));
        newDirectory = frames[page / abi::kPageSize] << 12;
      }
    }
    std::uint64_t entry = newDirectory
                              ? newDirectory + (at >> 21 & (kEntries - 1)) * 8
                              : findEntry(root, at, 1);
    if (newDirectory || !findEntry(root, at, 0)) {
      std::uint64_t page = makeTable(pages, [&](std::uint64_t i) {
        std::uint64_t address = at + i * abi::kPageSize;
        return address < end ? entryFor(address, kReadWrite) : 0;
      });
      updates.set(entry, entryFor(page, kTable));
      at = next;
      continue;
    }
    // A table of the builder: the image, start_info, the builder's tables.
    for (; at < next && at < end; at += abi::kPageSize) {
      std::uint64_t rights = rightsOf(at);
      if (at >= reserved[0].start && at < reserved[0].end)
        rights = kReadOnly;
      for (unsigned i = 1; i < reservedRanges; ++i)
        if (at == reserved[i].start)
          rights = 0; // mapped in the I/O window
      updates.set(findEntry(root, at, 0), rights ? entryFor(at, rights) : 0);
    }
  }
  updates.flush();
  mmuext_op_t flush = {};
  flush.cmd = MMUEXT_TLB_FLUSH_LOCAL;
  xen::hypercall(__HYPERVISOR_mmuext_op, &flush, std::uint64_t{1}, nullptr,
                 std::uint64_t{DOMID_SELF});
  addMemory(handoff, {0, end}, reserved, reservedRanges);
  handoff.memoryEnd = memoryEnd;
  if (handoff.memoryRanges == 0)
    fail("ampoule: no free memory behind the image\n");
  leaveBoot();
}
