// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "xen-boot/entry/boot.h"

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

AMPOULE_BOOT void addMemory(abi::Handoff &handoff, abi::MemoryRange range,
                            const abi::MemoryRange *reserved, unsigned count) {
  std::uint64_t first = address(__ampoule_image_end);
  std::uint64_t last = address(__ampoule_memory_max);
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

} // namespace ampoule::boot
