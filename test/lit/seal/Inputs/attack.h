// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What attacks have in common: victims, and the image's own tables and grants.
#pragma once

#include "libos/gnttab/gnttab.h"
#include "libos/xen/xen.h"

#include <cstdio>
#include <cstring>
#include <type_traits>

#include <xen/grant_table.h>

using namespace ampoule;

// Pages of code of their own, all `ret`. What an attack does to its page is not
// always undone, so such an attack has its own.
asm(".section .text.victim, \"ax\", @progbits\n"
    ".globl victimText\n.balign 4096\nvictimText: .fill 10 * 4096, 1, 0xc3\n"
    ".text");
extern "C" char victimText[];

namespace {

enum Victim { kOver = 1, kMoved, kRemoved, kGiven, kStub, kInfo, kFifo };
char *textOf(Victim victim) { return victimText + victim * 4096; }

constexpr char kRet = static_cast<char>(0xc3);
alignas(4096) const volatile char victimRodata[4096] = {1, 1, 1, 1};
alignas(4096) char data[4096], spare[4096];
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

/// The domain's own number, which only grants tell.
domid_t ownDomain() {
  gnttab_map_grant_ref map;
  if (!mapGrant(kForged, frameOf(data), kHole, true, map))
    return DOMID_INVALID;
  unmapGrant(map, kHole);
  return map.dom;
}

struct Attack {
  const char *name;
  unsigned kinds;
  bool (*run)();
};
constexpr unsigned kPv = 1, kPvh = 2;

/// The attacks of this kind of domain, from the named one on or from the first:
/// one may end the domain. `--list`: only their names.
template <std::size_t N>
int runAttacks(const Attack (&attacks)[N], const char *from) {
  bool isList = from && !std::strcmp(from, "--list");
  bool isOn = isList || !from;
  for (const Attack &attack : attacks) {
    isOn |= from && !std::strcmp(attack.name, from);
    if (!isOn || !(attack.kinds & (xen::isPv() ? kPv : kPvh)))
      continue;
    if (isList)
      std::printf("%s listed\n", attack.name);
    else
      std::printf("%s %s\n", attack.name,
                  attack.run() ? "succeeds" : "refused");
    std::fflush(stdout);
  }
  return 0;
}

} // namespace
