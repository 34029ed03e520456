// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What boot code tells the rest of the image. Every pointer refers to memory of
// the image itself: whatever the loader put elsewhere has been copied.
#pragma once

#include <cstdint>

namespace ampoule::abi {

enum class Mode : std::uint32_t {
  Pv,     ///< entered at ENTRY by Xen, ring 3, page tables by hypercall
  Pvh,    ///< entered at PHYS32_ENTRY by Xen
  Direct, ///< entered at PHYS32_ENTRY by another loader: no hypervisor services
  Linux,  ///< the test target: a process
};

/// Free memory, mapped, virtual address == physical address.
struct MemoryRange {
  std::uint64_t start; ///< page aligned
  std::uint64_t end;
};

inline constexpr std::uint64_t kHandoffMagic = 0x454c554f504d41; // "AMPOULE"
inline constexpr unsigned kMaxMemoryRanges = 4;

struct Handoff {
  std::uint64_t magic;
  Mode mode;
  bool isDom0; ///< start_info.flags, SIF_INITDOMAIN
  /// Event channels; 0: none. PV: start_info; PVH: HVM_PARAM_*_EVTCHN.
  std::uint32_t consolePort;
  std::uint32_t xenstorePort;
  /// Time stamp counter at the first instruction.
  std::uint64_t entryTicks;
  /// PV: start_info.cmd_line; PVH: hvm_start_info.cmdline_paddr. Never null.
  const char *commandLine;
  /// Linux target only: the stack as the kernel leaves it (argc, argv, …).
  const std::uint64_t *initialStack;
  unsigned memoryRanges;
  MemoryRange memory[kMaxMemoryRanges];
};

} // namespace ampoule::abi
