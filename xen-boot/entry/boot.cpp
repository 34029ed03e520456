// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The part of booting that does not depend on the entry.
#include "xen-boot/entry/boot.h"

#include "libos/xen/random.h"
#include "xen-boot/abi/layout.h"

namespace ampoule::boot {

AMPOULE_BOOT void fail(const char *reason) {
  std::uint64_t size = 0;
  while (reason[size])
    ++size;
  if (ampoule_hypercall_kind != 0) {
    // console_io reaches Xen's log; from a domU only in a debug build of Xen.
    xen::hypercall(__HYPERVISOR_console_io, std::uint64_t{CONSOLEIO_write},
                   size, reason);
    xen::shutdown(SHUTDOWN_crash);
  }
  for (; *reason; ++reason)
    asm volatile("outb %b0, %w1" ::"a"(*reason), "Nd"(0xe9));
  while (true)
    asm volatile("cli; hlt");
}

AMPOULE_BOOT Registers cpuid(std::uint32_t leaf, std::uint32_t subleaf) {
  return xen::cpuid(leaf, subleaf);
}

AMPOULE_BOOT void enableExtendedState() {
  constexpr std::uint32_t kXsave = 1 << 26, kStates = 0xe7;
  constexpr std::uint64_t kOsxsave = 1 << 18;
  // A PVH domain gets the control word of a reset: single precision, no exception
  // masked (Intel SDM volume 3A, table 10-1).
  asm volatile("fninit");
  if (!(cpuid(1).ecx & kXsave))
    return;
  // Xen emulates both instructions for a PV guest.
  std::uint64_t cr4;
  asm volatile("mov %%cr4, %0" : "=r"(cr4));
  asm volatile("mov %0, %%cr4" ::"r"(cr4 | kOsxsave));
  asm volatile("xsetbv" ::"a"(cpuid(0xd).eax & kStates), "c"(0), "d"(0));
}

AMPOULE_BOOT static std::uint64_t random(std::uint64_t ticks) {
  ticks *= 0x9e3779b97f4a7c15; // spreads the bits that change
  std::uint64_t value;
  if (cpuid(1).ecx & xen::kRdrand && xen::drawRandom(value))
    ticks ^= value;
  return ticks;
}

AMPOULE_BOOT void begin(abi::Handoff &handoff, abi::Mode mode,
                        std::uint64_t ticks, char *commandLine) {
  handoff.magic = abi::kHandoffMagic;
  handoff.mode = mode;
  handoff.entryTicks = ticks;
  handoff.entropy[0] = random(ticks);
  handoff.entropy[1] = random(~ticks);
  handoff.commandLine = commandLine;
}

/// Not AMPOULE_BOOT: where addMemory() needs one window, this becomes part of it.
[[gnu::section(".text.boot")]] static void
addWindow(abi::Handoff &handoff, abi::MemoryRange range, std::uint64_t first,
          std::uint64_t last, const abi::MemoryRange *reserved,
          unsigned count) {
  range.start = range.start < first ? first : range.start;
  range.end = range.end > last ? last : range.end;
  range.start = (range.start + abi::kPageSize - 1) & ~(abi::kPageSize - 1);
  range.end &= ~(abi::kPageSize - 1);
  while (range.start < range.end &&
         handoff.memoryRanges < abi::kMaxMemoryRanges) {
    // The reserved range that ends this piece, and the one we start in.
    std::uint64_t end = range.end, next = range.end;
    for (unsigned i = 0; i < count; ++i) {
      if (reserved[i].end <= range.start || reserved[i].start >= end)
        continue;
      end = reserved[i].start;
      next = reserved[i].end;
    }
    if (end > range.start)
      handoff.memory[handoff.memoryRanges++] = {range.start, end};
    range.start = next > range.start ? next : range.end;
  }
}

AMPOULE_BOOT void addMemory(abi::Handoff &handoff, abi::MemoryRange range,
                            const abi::MemoryRange *reserved, unsigned count) {
  handoff.memoryEnd = range.end; // ranges come in ascending order
  std::uint64_t first = address(__ampoule_image_end);
  // Memory of a PV domain has no hole.
  if (!hasHighMemory() || handoff.mode == abi::Mode::Pv)
    return addWindow(handoff, range, first, ampoule_config_memory_max, reserved,
                     count);
  addWindow(handoff, range, first, abi::kLowMemoryEnd, reserved, count);
  addWindow(handoff, range, abi::kHighMemory,
            abi::kHighMemory + ampoule_config_memory_max - abi::kLowMemoryEnd,
            reserved, count);
}

} // namespace ampoule::boot
