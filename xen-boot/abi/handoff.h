// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What boot code tells the rest of the image. Every pointer refers to memory of
// the image itself: whatever the loader put elsewhere has been copied. The
// pages that Xen shares lie at the addresses of layout.h.
#pragma once

#include <cstddef>
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
inline constexpr std::uint32_t kMaxMemoryRanges = 4;

struct Handoff {
  std::uint64_t magic; ///< kHandoffMagic
  Mode mode;           ///< from the entry; Pvh if CPUID has Xen's leaves
  /// start_info.flags or hvm_start_info.flags: SIF_INITDOMAIN.
  std::uint32_t isDom0;
  /// Event channels; 0: none. PV: start_info.console.domU.evtchn and
  /// store_evtchn; PVH: HVM_PARAM_CONSOLE_EVTCHN and HVM_PARAM_STORE_EVTCHN.
  std::uint32_t consolePort;
  std::uint32_t xenstorePort;
  /// Time stamp counter at the first instruction.
  std::uint64_t entryTicks;
  /// What Xen answered to HYPERVISOR_seal_op; 0: sealed, or not on Xen.
  std::int64_t seal;
  /// RDRAND and a hash of the time stamp counter; a processor without RDRAND
  /// gives the hash alone.
  /// Linux target: AT_RANDOM.
  std::uint64_t entropy[2];
  /// PV: start_info.cmd_line; PVH: hvm_start_info.cmdline_paddr. A copy, which
  /// may be changed; never null.
  char *commandLine;
  /// Linux target only: the stack as the kernel leaves it (argc, argv, …).
  const std::uint64_t *initialStack;
  /// Where RAM ends, which may be beyond what the image was linked for.
  std::uint64_t memoryEnd;
  /// RAM behind the image, ascending. PV: start_info.nr_pages without the page
  /// tables and rings; PVH: XENMEM_memory_map; direct: hvm_start_info's map.
  std::uint64_t memoryRanges;
  MemoryRange memory[kMaxMemoryRanges];
};

static_assert(offsetof(Handoff, magic) == 0);
static_assert(sizeof(Handoff) == 88 + sizeof(MemoryRange) * kMaxMemoryRanges);

} // namespace ampoule::abi
