// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Attacks on the code and constants of the image that runs, by everything that
// code which an attacker controls could ask of Xen. Prints "NAME succeeds" or
// "NAME refused" for each; an attack succeeds when its effect is seen, not when
// Xen says so. Those that end the domain, or may, run alone: probe NAME.
#include "libos/gnttab/gnttab.h"
#include "libos/xen/xen.h"

#include <cstdio>
#include <cstring>
#include <type_traits>

#include <xen/grant_table.h>
#include <xen/vcpu.h>

using namespace ampoule;

extern "C" char __ampoule_page_tables[];
// A page of code of its own, all `ret`.
asm(".section .text.victim, \"ax\", @progbits\n"
    ".globl victimText\n.balign 4096\nvictimText: .fill 4096, 1, 0xc3\n.text");
extern "C" char victimText[];

namespace {

constexpr char kRet = static_cast<char>(0xc3);
alignas(4096) const volatile char victimRodata[4096] = {1, 1, 1, 1};
alignas(4096) char data[4096];
/// Nothing is mapped there, but a page table is.
constexpr std::uint64_t kHole = 0x2000;
constexpr std::uint64_t kPresent = 1, kWritable = 2, kNoExecute = 1ull << 63,
                        kFrame = 0x000ffffffffff000;

template <typename T> xen::Word wordOf(T value) {
  if constexpr (std::is_pointer_v<T>)
    return static_cast<const volatile void *>(value);
  else
    return static_cast<std::uint64_t>(value);
}
/// The number stays a constant at the call, for the linker to see.
template <typename... Args>
[[gnu::always_inline]] inline long ask(unsigned number, Args... arguments) {
  return xen::hypercall(number, wordOf(arguments)...);
}

std::uint64_t address(const volatile void *pointer) {
  return reinterpret_cast<std::uint64_t>(pointer);
}
volatile char &byteAt(std::uint64_t at) {
  return *reinterpret_cast<volatile char *>(at);
}

/// The entry of the last level; on PV a table's address is found by Xen's own
/// table of what each frame is.
volatile std::uint64_t *entryOf(std::uint64_t at) {
  std::uint64_t table;
  asm volatile("mov %%cr3, %0" : "=r"(table));
  for (unsigned shift = 39;; shift -= 9) {
    std::uint64_t place = table & kFrame;
    if (xen::isPv())
      place = reinterpret_cast<const std::uint64_t *>(
                  MACH2PHYS_VIRT_START)[place >> 12]
              << 12;
    auto *entry =
        reinterpret_cast<volatile std::uint64_t *>(place) + (at >> shift & 511);
    if (shift == 12)
      return entry;
    table = *entry;
  }
}
std::uint64_t frameOf(const volatile void *pointer) {
  return xen::isPv() ? (*entryOf(address(pointer)) & kFrame) >> 12
                     : address(pointer) >> 12;
}
std::uint64_t entryAddress(std::uint64_t at) {
  volatile std::uint64_t *entry = entryOf(at);
  return (frameOf(entry) << 12) + (address(entry) & 4095);
}
void flushTables() {
  if (xen::isPv()) {
    mmuext_op_t flush = {};
    flush.cmd = MMUEXT_TLB_FLUSH_LOCAL;
    ask(__HYPERVISOR_mmuext_op, &flush, 1, 0, DOMID_SELF);
  } else {
    asm volatile("mov %%cr3, %%rax; mov %%rax, %%cr3" ::: "rax", "memory");
  }
}
void setWriteProtect(bool isOn) {
  std::uint64_t cr0;
  asm volatile("mov %%cr0, %0" : "=r"(cr0));
  cr0 = isOn ? cr0 | 0x10000 : cr0 & ~0x10000ull;
  asm volatile("mov %0, %%cr0" ::"r"(cr0) : "memory");
}
/// PVH: the image's own tables say whatever the attacker likes.
void setEntry(std::uint64_t at, std::uint64_t value) {
  setWriteProtect(false);
  *entryOf(at) = value;
  setWriteProtect(true);
  flushTables();
}

long updateEntry(std::uint64_t at, std::uint64_t value) {
  mmu_update_t update = {entryAddress(at), value};
  long error = ask(__HYPERVISOR_mmu_update, &update, 1, 0,
                              DOMID_SELF);
  flushTables();
  return error;
}
long updateMapping(std::uint64_t at, std::uint64_t value) {
  return ask(__HYPERVISOR_update_va_mapping, at, value,
                        UVMF_INVLPG | UVMF_ALL);
}
long extended(unsigned command, std::uint64_t first, std::uint64_t second) {
  mmuext_op_t op = {};
  op.cmd = command;
  op.arg1.mfn = first;
  op.arg2.src_mfn = second;
  return ask(__HYPERVISOR_mmuext_op, &op, 1, 0, DOMID_SELF);
}

/// Whether the attack has written to the page; if so puts it back.
bool isChanged(const volatile char *victim, char was) {
  asm volatile("" ::: "memory");
  return *victim != was;
}
/// The page became writable: write.
bool store(const volatile char *victim, char was) {
  byteAt(address(victim)) = was + 1;
  bool isDone = isChanged(victim, was);
  if (isDone)
    byteAt(address(victim)) = was;
  return isDone;
}
bool execute() {
  data[0] = kRet;
  asm volatile("" ::: "memory");
  reinterpret_cast<void (*)()>(data)();
  return true;
}

grant_entry_v1_t &grantEntry(unsigned reference) {
  return reinterpret_cast<grant_entry_v1_t *>(abi::kGrantAddress)[reference];
}
constexpr unsigned kForged = 2000, kOther = 2001;
void forge(unsigned reference, domid_t domain, std::uint64_t frame,
           bool isReadOnly) {
  grantEntry(reference) = {0, domain, static_cast<std::uint32_t>(frame)};
  grantEntry(reference).flags =
      GTF_permit_access | (isReadOnly ? GTF_readonly : 0);
}
/// Maps what the domain grants itself. It does not know its number, so tries.
bool mapGrant(unsigned reference, std::uint64_t frame, std::uint64_t at,
              bool isReadOnly, gnttab_map_grant_ref &map) {
  for (domid_t domain = 0; domain < 64; ++domain) {
    forge(reference, domain, frame, isReadOnly);
    map = {};
    map.host_addr = at;
    map.flags = GNTMAP_host_map | (isReadOnly ? GNTMAP_readonly : 0);
    map.ref = reference;
    map.dom = domain;
    if (!ask(__HYPERVISOR_grant_table_op, GNTTABOP_map_grant_ref,
                        &map, 1) &&
        map.status == GNTST_okay)
      return true;
  }
  return false;
}
bool unmapGrant(const gnttab_map_grant_ref &map, std::uint64_t at) {
  gnttab_unmap_grant_ref unmap = {};
  unmap.host_addr = at;
  unmap.handle = map.handle;
  return !ask(__HYPERVISOR_grant_table_op, GNTTABOP_unmap_grant_ref,
                         &unmap, 1) &&
         unmap.status == GNTST_okay;
}
// Attacks by grants.
bool copyInto(const volatile char *victim, char was) {
  data[0] = was + 1;
  gnttab_copy copy = {};
  copy.source.u.gmfn = frameOf(data);
  copy.source.domid = copy.dest.domid = DOMID_SELF;
  copy.dest.u.gmfn = frameOf(victim);
  copy.len = 1;
  ask(__HYPERVISOR_grant_table_op, GNTTABOP_copy, &copy, 1);
  bool isDone = isChanged(victim, was);
  if (isDone) {
    data[0] = was;
    ask(__HYPERVISOR_grant_table_op, GNTTABOP_copy, &copy, 1);
  }
  return isDone;
}
bool copyToText() { return copyInto(victimText, kRet); }
bool copyToRodata() { return copyInto(victimRodata, 1); }
/// By a reference to a grant of the domain's own.
bool copyThrough(unsigned reference, char value) {
  data[0] = value;
  gnttab_copy copy = {};
  copy.source.u.gmfn = frameOf(data);
  copy.source.domid = DOMID_SELF;
  copy.dest.u.ref = reference;
  copy.dest.domid = grantEntry(reference).domid;
  copy.len = 1;
  copy.flags = GNTCOPY_dest_gref;
  return !ask(__HYPERVISOR_grant_table_op, GNTTABOP_copy, &copy, 1) &&
         copy.status == GNTST_okay;
}
/// PVH: Xen maps no frame of a domain twice, so another writes by copying.
bool copyToGranted(const volatile char *victim, char was) {
  for (domid_t domain = 0; domain < 64; ++domain) {
    forge(kForged, domain, frameOf(victim), false);
    if (copyThrough(kForged, was + 1) && isChanged(victim, was))
      return copyThrough(kForged, was);
  }
  return false;
}
bool mapWritable(const volatile char *victim, char was) {
  if (!xen::isPv())
    return copyToGranted(victim, was);
  gnttab_map_grant_ref map;
  if (!mapGrant(kForged, frameOf(victim), kHole, false, map))
    return false;
  byteAt(kHole) = was + 1;
  bool isDone = isChanged(victim, was);
  byteAt(kHole) = was;
  unmapGrant(map, kHole);
  return isDone;
}
bool grantText() { return mapWritable(victimText, kRet); }
bool grantRodata() { return mapWritable(victimRodata, 1); }
/// First for reading, then for writing: the second time Xen knows the grant.
bool grantTwice() {
  gnttab_map_grant_ref map, again = {};
  if (!mapGrant(kForged, frameOf(victimText), kHole, true, map))
    return false;
  grantEntry(kForged).flags &= ~GTF_readonly;
  again.host_addr = kHole + abi::kPageSize;
  again.flags = GNTMAP_host_map;
  again.ref = kForged;
  again.dom = grantEntry(kForged).domid;
  bool isDone = !ask(__HYPERVISOR_grant_table_op,
                                GNTTABOP_map_grant_ref, &again, 1) &&
                again.status == GNTST_okay;
  if (isDone)
    unmapGrant(again, again.host_addr);
  unmapGrant(map, kHole);
  return isDone;
}
/// A writable page in the place of a page of code.
bool grantOverText() {
  data[0] = kRet + 1;
  gnttab_map_grant_ref map;
  if (!mapGrant(kForged, frameOf(data), address(victimText), false, map))
    return false;
  return isChanged(victimText, kRet);
}
/// PV: Xen takes away what it believes to be a grant; then the place is free.
bool unmapRodata() {
  gnttab_map_grant_ref map;
  if (!mapGrant(kForged, frameOf(victimRodata), kHole, true, map))
    return false;
  if (!unmapGrant(map, address(victimRodata))) {
    unmapGrant(map, kHole);
    return false;
  }
  data[0] = 2;
  gnttab_map_grant_ref other;
  return mapGrant(kOther, frameOf(data), address(victimRodata), false, other) &&
         isChanged(victimRodata, 1);
}
/// What drivers do has to work: a page of the I/O pool, written by another.
bool useIoPage() {
  gnttab::Page page = gnttab::take();
  if (page == gnttab::kNoPage)
    return false;
  char *own = gnttab::addressOf(page);
  if (!xen::isPv())
    return copyToGranted(own, 0);
  gnttab_map_grant_ref map;
  if (!mapGrant(kForged, frameOf(own), kHole, false, map))
    return false;
  byteAt(kHole) = 7;
  bool isSeen = isChanged(own, 0);
  return unmapGrant(map, kHole) && isSeen;
}

// PV: attacks by hypercalls for page tables.
bool mmuUpdateText() {
  std::uint64_t was = *entryOf(address(victimText));
  if (updateEntry(address(victimText), was | kWritable))
    return false;
  bool isDone = store(victimText, kRet);
  updateEntry(address(victimText), was);
  return isDone;
}
bool vaMappingText() {
  std::uint64_t was = *entryOf(address(victimText));
  if (updateMapping(address(victimText), was | kWritable))
    return false;
  bool isDone = store(victimText, kRet);
  updateMapping(address(victimText), was);
  return isDone;
}
bool vaMappingExec() {
  std::uint64_t was = *entryOf(address(data));
  if (updateMapping(address(data), was & ~kNoExecute))
    return false;
  bool isDone = execute();
  updateMapping(address(data), was);
  return isDone;
}
bool otherDomainText() {
  std::uint64_t was = *entryOf(address(victimText));
  if (ask(__HYPERVISOR_update_va_mapping_otherdomain,
                     address(victimText), was | kWritable,
                     UVMF_INVLPG | UVMF_ALL, DOMID_SELF))
    return false;
  bool isDone = store(victimText, kRet);
  updateMapping(address(victimText), was);
  return isDone;
}
bool multicallText() {
  std::uint64_t was = *entryOf(address(victimText));
  multicall_entry_t call = {};
  call.op = __HYPERVISOR_update_va_mapping;
  call.args[0] = address(victimText);
  call.args[1] = was | kWritable;
  call.args[2] = UVMF_INVLPG | UVMF_ALL;
  if (ask(__HYPERVISOR_multicall, &call, 1) || call.result)
    return false;
  bool isDone = store(victimText, kRet);
  updateMapping(address(victimText), was);
  return isDone;
}
bool copyPageText() {
  std::memset(data, 0x90, sizeof(data));
  extended(MMUEXT_COPY_PAGE, frameOf(victimText), frameOf(data));
  bool isDone = isChanged(victimText, kRet);
  std::memset(data, kRet, sizeof(data));
  extended(MMUEXT_COPY_PAGE, frameOf(victimText), frameOf(data));
  return isDone;
}
bool clearPageText() {
  extended(MMUEXT_CLEAR_PAGE, frameOf(victimText), 0);
  bool isDone = isChanged(victimText, kRet);
  std::memset(data, kRet, sizeof(data));
  extended(MMUEXT_COPY_PAGE, frameOf(victimText), frameOf(data));
  return isDone;
}
bool descriptorText() {
  ask(__HYPERVISOR_update_descriptor, frameOf(victimText) << 12,
                 0x00cffb000000ffffull);
  bool isDone = isChanged(victimText, kRet);
  std::memset(data, kRet, sizeof(data));
  extended(MMUEXT_COPY_PAGE, frameOf(victimText), frameOf(data));
  return isDone;
}
bool newRoot() {
  std::uint64_t root;
  asm volatile("mov %%cr3, %0" : "=r"(root));
  return extended(MMUEXT_NEW_BASEPTR, root >> 12, 0) == 0;
}
/// A frame that nothing maps: that of the first boot page, which lies in one
/// piece with the rest of the image.
bool exchange() {
  constexpr std::uint64_t kBootPage = abi::kImageBase / abi::kPageSize;
  xen_pfn_t in = frameOf(victimText) - address(victimText) / abi::kPageSize +
                 kBootPage,
            out = kBootPage;
  xen_memory_exchange exchange = {};
  exchange.in.domid = exchange.out.domid = DOMID_SELF;
  exchange.in.nr_extents = exchange.out.nr_extents = 1;
  set_xen_guest_handle(exchange.in.extent_start, &in);
  set_xen_guest_handle(exchange.out.extent_start, &out);
  return ask(__HYPERVISOR_memory_op, XENMEM_exchange, &exchange) == 0 &&
         exchange.nr_exchanged == 1;
}
bool assist() {
  return ask(__HYPERVISOR_vm_assist, VMASST_CMD_enable,
                        VMASST_TYPE_writable_pagetables) == 0;
}
/// Alone: where Xen does not emulate the store it is a page fault.
bool storeToTable() {
  assist();
  volatile std::uint64_t *entry = entryOf(address(data));
  *entry = *entry & ~kNoExecute;
  return execute();
}

// PVH: attacks by the ring that the program runs in.
bool clearWpText() {
  setWriteProtect(false);
  bool isDone = store(victimText, kRet);
  setWriteProtect(true);
  return isDone;
}
bool clearWpRodata() {
  setWriteProtect(false);
  bool isDone = store(victimRodata, 1);
  setWriteProtect(true);
  return isDone;
}
bool tableText() {
  std::uint64_t was = *entryOf(address(victimText));
  setEntry(address(victimText), was | kWritable);
  bool isDone = store(victimText, kRet);
  setEntry(address(victimText), was);
  return isDone;
}
bool tableExec() {
  setEntry(address(data), *entryOf(address(data)) & ~kNoExecute);
  return execute();
}
bool hypercallPage() {
  std::uint32_t eax, ebx, ecx, edx;
  asm volatile("cpuid" : "=a"(eax), "=b"(ebx), "=c"(ecx), "=d"(edx)
               : "a"(0x40000002), "c"(0));
  asm volatile("wrmsr" ::"c"(ebx), "a"(static_cast<std::uint32_t>(
                                       address(victimText))),
               "d"(0));
  return isChanged(victimText, kRet);
}
bool physmapText() {
  data[0] = kRet + 1;
  xen_add_to_physmap move = {};
  move.domid = DOMID_SELF;
  move.space = XENMAPSPACE_gmfn;
  move.idx = frameOf(data);
  move.gpfn = frameOf(victimText);
  return !ask(__HYPERVISOR_memory_op, XENMEM_add_to_physmap, &move) &&
         isChanged(victimText, kRet);
}
bool setParameter() {
  xen_hvm_param param = {DOMID_SELF, 0, HVM_PARAM_X87_FIP_WIDTH, 8};
  return ask(__HYPERVISOR_hvm_op, HVMOP_set_param, &param) == 0;
}

// Both.
bool vcpuInfoText() {
  vcpu_register_vcpu_info info = {frameOf(victimText), 0, 0};
  ask(__HYPERVISOR_vcpu_op, VCPUOP_register_vcpu_info, 0, &info);
  return isChanged(victimText, kRet);
}
bool fifoText() {
  evtchn_init_control control = {};
  control.control_gfn = frameOf(victimText);
  return ask(__HYPERVISOR_event_channel_op, EVTCHNOP_init_control,
                        &control) == 0;
}
/// A hypercall that no code of the image issues, by an instruction of its own.
bool otherHypercall() {
  long result = __HYPERVISOR_xen_version;
  if (xen::isPv())
    asm volatile("syscall" : "+a"(result) : "D"(0), "S"(0)
                 : "rcx", "r11", "memory");
  else
    asm volatile("vmmcall" : "+a"(result) : "D"(0), "S"(0) : "memory");
  return result > 0;
}
bool suspend() {
  sched_shutdown_t shutdown = {SHUTDOWN_suspend};
  return ask(__HYPERVISOR_sched_op, SCHEDOP_shutdown, &shutdown) == 0;
}
/// Last: where it succeeds the page is gone.
bool giveTextAway() {
  xen_pfn_t frame = frameOf(victimText);
  xen_memory_reservation less = {};
  set_xen_guest_handle(less.extent_start, &frame);
  less.nr_extents = 1;
  less.domid = DOMID_SELF;
  return ask(__HYPERVISOR_memory_op, XENMEM_decrease_reservation,
                        &less) == 1;
}

enum { kPv = 1, kPvh = 2, kAlone = 4 };
struct Attack {
  const char *name;
  unsigned kinds;
  bool (*run)();
};
constexpr Attack kAttacks[] = {
    {"use-io-page", kPv | kPvh, useIoPage},
    {"mmu-update-text", kPv, mmuUpdateText},
    {"update-va-mapping-text", kPv, vaMappingText},
    {"update-va-mapping-exec", kPv, vaMappingExec},
    {"otherdomain-text", kPv, otherDomainText},
    {"multicall-text", kPv, multicallText},
    {"copy-page-text", kPv, copyPageText},
    {"clear-page-text", kPv, clearPageText},
    {"update-descriptor-text", kPv, descriptorText},
    {"new-root", kPv, newRoot},
    {"memory-exchange", kPv, exchange},
    {"vm-assist", kPv, assist},
    {"clear-wp-text", kPvh, clearWpText},
    {"clear-wp-rodata", kPvh, clearWpRodata},
    {"table-text", kPvh, tableText},
    {"set-param", kPvh, setParameter},
    {"grant-copy-text", kPv | kPvh, copyToText},
    {"grant-copy-rodata", kPv | kPvh, copyToRodata},
    {"grant-text", kPv | kPvh, grantText},
    {"grant-rodata", kPv | kPvh, grantRodata},
    {"grant-twice", kPv, grantTwice},
    {"unmap-rodata", kPv, unmapRodata},
    {"other-hypercall", kPv | kPvh, otherHypercall},
    {"grant-over-text", kPv | kPvh | kAlone, grantOverText},
    {"physmap-text", kPvh | kAlone, physmapText},
    {"decrease-reservation", kPv | kPvh | kAlone, giveTextAway},
    {"store-to-table", kPv | kAlone, storeToTable},
    {"table-exec", kPvh | kAlone, tableExec},
    {"hypercall-page", kPvh | kAlone, hypercallPage},
    {"vcpu-info-text", kPv | kPvh | kAlone, vcpuInfoText},
    {"fifo-text", kPv | kPvh | kAlone, fifoText},
    {"suspend", kPv | kPvh | kAlone, suspend},
};

} // namespace

int main(int count, char **words) {
  unsigned kind = xen::isPv() ? kPv : kPvh;
  const char *wanted = count > 1 ? words[1] : nullptr;
  bool isList = wanted && !std::strcmp(wanted, "--list");
  for (const Attack &attack : kAttacks) {
    if (!(attack.kinds & kind))
      continue;
    if (isList)
      std::printf("%s %s\n", attack.name, attack.kinds & kAlone ? "alone" : "");
    else if (wanted ? !std::strcmp(attack.name, wanted)
                    : !(attack.kinds & kAlone))
      std::printf("%s %s\n", attack.name, attack.run() ? "succeeds" : "refused");
    std::fflush(stdout);
  }
}
