// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Attacks on the code and constants of the image that runs, by everything that
// code which an attacker controls could ask of Xen. Prints "NAME succeeds" or
// "NAME refused" for each; an attack succeeds when its effect is seen, not when
// Xen says so. One may end the domain: `probe NAME` goes on from there.
#include "attack.h"

#include <xen/vcpu.h>

namespace {

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
  if (!mapGrant(kForged, frameOf(data), address(textOf(kOver)), false, map))
    return false;
  return isChanged(textOf(kOver), kRet);
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
extern "C" char __ampoule_boot_start[];
const xen_pfn_t kBootPage =
    reinterpret_cast<std::uint64_t>(__ampoule_boot_start) / abi::kPageSize;
/// A boot page's frame, since nothing maps it any more, by Xen's own table of
/// what each frame is; other domains have a page of that number, too. The table
/// is mapped by large pages, surely up to the one that tells of the victim.
template <typename Function> bool anyBootFrame(Function isDone) {
  constexpr xen_pfn_t kLargePage = abi::kLargePageSize / sizeof(xen_pfn_t);
  auto *numbers = reinterpret_cast<const xen_pfn_t *>(MACH2PHYS_VIRT_START);
  xen_pfn_t end = (frameOf(victimText) / kLargePage + 1) * kLargePage;
  for (xen_pfn_t frame = 0; frame < end; ++frame)
    if (numbers[frame] == kBootPage && isDone(frame))
      return true;
  return false;
}
bool exchange() {
  return anyBootFrame([](xen_pfn_t in) {
    xen_pfn_t out = kBootPage;
    xen_memory_exchange exchange = {};
    exchange.in.domid = exchange.out.domid = DOMID_SELF;
    exchange.in.nr_extents = exchange.out.nr_extents = 1;
    set_xen_guest_handle(exchange.in.extent_start, &in);
    set_xen_guest_handle(exchange.out.extent_start, &out);
    return ask(__HYPERVISOR_memory_op, XENMEM_exchange, &exchange) == 0 &&
           exchange.nr_exchanged == 1;
  });
}
/// To itself, which is as good as to another.
bool transfer() {
  domid_t self = ownDomain();
  if (self == DOMID_INVALID)
    return false;
  return anyBootFrame([self](xen_pfn_t frame) {
    grantEntry(kForged) = {0, self, static_cast<std::uint32_t>(kBootPage)};
    grantEntry(kForged).flags = GTF_accept_transfer;
    gnttab_transfer transfer = {frame, self, kForged, 0};
    ask(__HYPERVISOR_grant_table_op, GNTTABOP_transfer, &transfer, 1);
    return transfer.status == GNTST_okay;
  });
}
bool assist() {
  return ask(__HYPERVISOR_vm_assist, VMASST_CMD_enable,
                        VMASST_TYPE_writable_pagetables) == 0;
}
/// Where Xen does not emulate the store it is a page fault.
bool storeToTable() {
  assist();
  volatile std::uint64_t *entry = entryOf(address(data));
  std::uint64_t was = *entry;
  *entry = was & ~kNoExecute;
  bool isDone = execute();
  *entry = was;
  return isDone;
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
  std::uint64_t was = *entryOf(address(data));
  setEntry(address(data), was & ~kNoExecute);
  bool isDone = execute();
  setEntry(address(data), was);
  return isDone;
}
bool hypercallPage() {
  std::uint32_t eax, ebx, ecx, edx;
  asm volatile("cpuid" : "=a"(eax), "=b"(ebx), "=c"(ecx), "=d"(edx)
               : "a"(0x40000002), "c"(0));
  asm volatile("wrmsr" ::"c"(ebx), "a"(static_cast<std::uint32_t>(
                                       address(textOf(kStub)))),
               "d"(0));
  return isChanged(textOf(kStub), kRet);
}
bool physmapText() {
  spare[0] = kRet + 1;
  xen_add_to_physmap move = {};
  move.domid = DOMID_SELF;
  move.space = XENMAPSPACE_gmfn;
  move.idx = frameOf(spare);
  move.gpfn = frameOf(textOf(kMoved));
  return !ask(__HYPERVISOR_memory_op, XENMEM_add_to_physmap, &move) &&
         isChanged(textOf(kMoved), kRet);
}
bool removeText() {
  xen_remove_from_physmap removal = {DOMID_SELF, frameOf(textOf(kRemoved))};
  return !ask(__HYPERVISOR_memory_op, XENMEM_remove_from_physmap, &removal);
}
bool setParameter() {
  xen_hvm_param param = {DOMID_SELF, 0, HVM_PARAM_X87_FIP_WIDTH, 8};
  return ask(__HYPERVISOR_hvm_op, HVMOP_set_param, &param) == 0;
}

// Both.
bool vcpuInfoText() {
  vcpu_register_vcpu_info info = {frameOf(textOf(kInfo)), 0, 0};
  ask(__HYPERVISOR_vcpu_op, VCPUOP_register_vcpu_info, 0, &info);
  return isChanged(textOf(kInfo), kRet);
}
bool fifoText() {
  evtchn_init_control control = {};
  control.control_gfn = frameOf(textOf(kFifo));
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
bool giveTextAway() {
  xen_pfn_t frame = frameOf(textOf(kGiven));
  xen_memory_reservation less = {};
  set_xen_guest_handle(less.extent_start, &frame);
  less.nr_extents = 1;
  less.domid = DOMID_SELF;
  return ask(__HYPERVISOR_memory_op, XENMEM_decrease_reservation,
                        &less) == 1;
}

// Those at the end leave a domain without events, or without itself.
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
    {"grant-transfer", kPv, transfer},
    {"memory-exchange", kPv, exchange},
    {"vm-assist", kPv, assist},
    {"store-to-table", kPv, storeToTable},
    {"clear-wp-text", kPvh, clearWpText},
    {"clear-wp-rodata", kPvh, clearWpRodata},
    {"table-text", kPvh, tableText},
    {"table-exec", kPvh, tableExec},
    {"set-param", kPvh, setParameter},
    {"grant-copy-text", kPv | kPvh, copyToText},
    {"grant-copy-rodata", kPv | kPvh, copyToRodata},
    {"grant-text", kPv | kPvh, grantText},
    {"grant-rodata", kPv | kPvh, grantRodata},
    {"grant-twice", kPv, grantTwice},
    {"unmap-rodata", kPv, unmapRodata},
    {"grant-over-text", kPv | kPvh, grantOverText},
    {"other-hypercall", kPv | kPvh, otherHypercall},
    {"physmap-text", kPvh, physmapText},
    {"remove-from-physmap", kPvh, removeText},
    {"decrease-reservation", kPv | kPvh, giveTextAway},
    {"hypercall-page", kPvh, hypercallPage},
    {"vcpu-info-text", kPv | kPvh, vcpuInfoText},
    {"fifo-text", kPv | kPvh, fifoText},
    {"suspend", kPv | kPvh, suspend},
};

} // namespace

int main(int count, char **words) {
  return runAttacks(kAttacks, count > 1 ? words[1] : nullptr);
}
