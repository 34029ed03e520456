// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The PVH boot after long mode: processor features, descriptor tables, and what
// Xen (if it is Xen) has for us.
#include "xen-boot/entry/boot.h"

#include <xen/arch-x86/hvm/start_info.h>

using namespace ampoule;
using namespace ampoule::boot;

extern "C" {
extern std::uint64_t ampoule_pvh_ticks;
extern hvm_start_info ampoule_pvh_start_info;
extern char ampoule_pvh_command_line[];
extern hvm_memmap_table_entry ampoule_pvh_memory_map[];
extern std::uint32_t ampoule_pvh_memory_map_entries;
extern const char ampoule_gdt[], ampoule_gdt_pointer[], __ampoule_idt[];
}

namespace {

/// Xen's leaves: "XenVMMXenVMM" at some multiple of 0x100 above 0x40000000
/// (xen/include/public/arch-x86/cpuid.h).
AMPOULE_BOOT bool runsOnXen() {
  for (std::uint32_t base = 0x40000000; base < 0x40010000; base += 0x100) {
    Registers r = cpuid(base);
    if (r.ebx == 0x566e6558 && r.ecx == 0x65584d4d && r.edx == 0x4d4d566e)
      return true;
  }
  return false;
}

/// Protection and features that only privileged registers switch on
/// (Intel SDM volume 3A, section 2.5).
AMPOULE_BOOT void enableFeatures() {
  constexpr std::uint64_t kUmip = 1 << 11, kFsgsbase = 1 << 16, kSmep = 1 << 20;
  Registers extended = cpuid(0).eax >= 7 ? cpuid(7) : Registers();
  std::uint64_t cr4;
  asm volatile("mov %%cr4, %0" : "=r"(cr4));
  if (extended.ebx & 1)
    cr4 |= kFsgsbase;
  else
    fail("ampoule: this processor has no FSGSBASE\n");
  if (extended.ebx & 1 << 7)
    cr4 |= kSmep;
  if (extended.ecx & 1 << 2)
    cr4 |= kUmip;
  asm volatile("mov %0, %%cr4" ::"r"(cr4));
  enableExtendedState();
}

/// Interrupt stack table: exceptions get a stack of their own, or one that a
/// stack overflow caused could not be reported (Intel SDM 3A, section 7.14.5).
struct [[gnu::packed]] TaskState {
  std::uint32_t reserved0;
  std::uint64_t rsp[3];
  std::uint64_t reserved1;
  std::uint64_t ist[7];
  std::uint64_t reserved2;
  std::uint16_t reserved3;
  std::uint16_t ioMap = sizeof(TaskState);
};
constinit TaskState taskState = {};
alignas(16) constinit std::byte exceptionStack[8192] = {};

struct [[gnu::packed]] Pointer {
  std::uint16_t limit;
  std::uint64_t base;
};

AMPOULE_BOOT void loadDescriptorTables() {
  taskState.ist[0] = address(exceptionStack + sizeof(exceptionStack));
  // ltr writes the busy bit, and the image's own table is read-only: use a
  // copy, then load the real one. The processor keeps what it has read.
  std::uint64_t base = address(&taskState);
  const auto *gdt = reinterpret_cast<const std::uint64_t *>(ampoule_gdt);
  std::uint64_t copy[5] = {gdt[0], gdt[1], gdt[2],
                           (sizeof(TaskState) - 1) | (base & 0xffffff) << 16 |
                               0x89ull << 40 | (base >> 24 & 0xff) << 56,
                           base >> 32};
  Pointer writable = {sizeof(copy) - 1, address(copy)};
  Pointer idt = {33 * 16 - 1, address(__ampoule_idt)};
  asm volatile("lgdt %0\n"
               "ltr %w1\n"
               "lgdt %2\n"
               "lidt %3" ::"m"(writable),
               "r"(24), "m"(*ampoule_gdt_pointer), "m"(idt)
               : "memory");
}

AMPOULE_BOOT std::uint64_t parameter(std::uint32_t index) {
  xen_hvm_param param = {DOMID_SELF, 0, index, 0};
  long error = xen::hypercall(__HYPERVISOR_hvm_op,
                              std::uint64_t{HVMOP_get_param}, &param);
  return error ? 0 : param.value;
}

AMPOULE_BOOT bool place(unsigned space, std::uint64_t index,
                        std::uint64_t frame) {
  xen_add_to_physmap physmap = {};
  physmap.domid = DOMID_SELF;
  physmap.space = space;
  physmap.idx = index;
  physmap.gpfn = frame;
  return !xen::hypercall(__HYPERVISOR_memory_op,
                         std::uint64_t{XENMEM_add_to_physmap}, &physmap);
}

/// Frame numbers are addresses in pages here.
AMPOULE_BOOT void prepareGrants() {
  for (unsigned i = 0; i < abi::kGrantPages; ++i)
    if (!place(XENMAPSPACE_grant_table, i, abi::kGrantFrame + i))
      fail("ampoule: Xen gives the domain no grant table of four pages\n");
  std::uint64_t first = address(__ampoule_io_pool) / abi::kPageSize;
  for (unsigned i = 0; i < abi::kIoPages; ++i)
    ampoule_io_frames[i] = static_cast<std::uint32_t>(first + i);
}

AMPOULE_BOOT void meetXen(abi::Handoff &handoff) {
  ampoule_hypercall_kind = cpuid(0).ecx == 0x444d4163 /* "cAMD" */ ? 2 : 3;
  if (!place(XENMAPSPACE_shared_info, 0, abi::kSharedInfoFrame))
    fail("ampoule: Xen does not map shared_info\n");
  // At its first call of this kind Xen notes that we are in 64-bit mode, and
  // lays shared_info out accordingly (xen/arch/x86/hvm, hvm_latch_shinfo_size).
  xen_hvm_param noCallback = {DOMID_SELF, 0, HVM_PARAM_CALLBACK_IRQ, 0};
  xen::hypercall(__HYPERVISOR_hvm_op, std::uint64_t{HVMOP_set_param},
                 &noCallback);
  if (__ampoule_live_ampoule_take_io_page())
    prepareGrants();
  handoff.isDom0 = ampoule_pvh_start_info.flags & SIF_INITDOMAIN;
  if (handoff.isDom0)
    return;
  // The page tables map the rings where libxc puts them.
  std::uint64_t console = parameter(HVM_PARAM_CONSOLE_PFN);
  std::uint64_t xenstore = parameter(HVM_PARAM_STORE_PFN);
  if (console != abi::kConsoleFrame || xenstore != abi::kXenstoreFrame)
    fail("ampoule: the console page is not at 0xfefff, or xenstore's not at "
         "0xfeffc\n");
  handoff.consolePort = parameter(HVM_PARAM_CONSOLE_EVTCHN);
  handoff.xenstorePort = parameter(HVM_PARAM_STORE_EVTCHN);
}

/// Both maps have E820's types: 1 is RAM.
template <typename Entry>
AMPOULE_BOOT void addEntry(abi::Handoff &handoff, const Entry &entry) {
  if (entry.type == XEN_HVM_MEMMAP_TYPE_RAM)
    addMemory(handoff, {entry.addr, entry.addr + entry.size}, nullptr, 0);
}

/// Xen's start_info for a PVH dom0 has no memory map; the hypercall works in
/// every domain.
AMPOULE_BOOT void askForMemory(abi::Handoff &handoff) {
  struct [[gnu::packed]] Entry {
    std::uint64_t addr, size;
    std::uint32_t type;
  };
  static constinit Entry entries[128] = {};
  xen_memory_map map = {};
  map.nr_entries = sizeof(entries) / sizeof(*entries);
  set_xen_guest_handle(map.buffer, static_cast<void *>(entries));
  if (xen::hypercall(__HYPERVISOR_memory_op, std::uint64_t{XENMEM_memory_map},
                     &map))
    fail("ampoule: Xen gives no memory map\n");
  for (unsigned i = 0; i < map.nr_entries; ++i)
    addEntry(handoff, entries[i]);
}

constinit abi::Handoff handoff = {};

} // namespace

/// What is to be handed on behind the door.
extern "C" AMPOULE_BOOT const abi::Handoff *ampouleBootPvh() {
  enableFeatures();
  loadDescriptorTables();
  bool isXen = runsOnXen();
  begin(handoff, isXen ? abi::Mode::Pvh : abi::Mode::Direct, ampoule_pvh_ticks,
        ampoule_pvh_command_line);
  if (isXen) {
    meetXen(handoff);
    askForMemory(handoff);
  } else {
    for (unsigned i = 0; i < ampoule_pvh_memory_map_entries; ++i)
      addEntry(handoff, ampoule_pvh_memory_map[i]);
  }
  if (handoff.memoryRanges == 0)
    fail("ampoule: no free memory behind the image\n");
  return &handoff;
}
