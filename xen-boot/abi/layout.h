// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The address map that the linker (xen-boot/image, linker/Layout) and the
// guest (xen-boot/entry, libos/xen) share. Virtual and guest-physical address
// are the same for RAM; only the I/O window is mapped elsewhere.
//
//   0x0000'0000  page 0 .. 0xdffff   never mapped once the program runs
//   0x000e'0000  I/O window          shared_info, console and xenstore rings,
//                                    the grant table if pages are granted
//   0x0010'0000  image               text | read-only + tables | data | stacks
//   image end    heap                to the configured maximum of memory, or
//   0xfc00'0000  nothing             but the frames behind the I/O window
//   0x1'0000'0000 heap               what a PVH domain's maximum leaves of it; as
//                                    PV memory has no hole
//
// An image that grants pages begins with those, and nothing is mapped below:
//
//   0x0020'0000  I/O pool            two large pages
//   0x0060'0000  image               as above
#pragma once

#include <cstdint>

namespace ampoule::abi {

inline constexpr std::uint64_t kPageSize = 4096;
inline constexpr std::uint64_t kLargePageSize = 2u << 20;

/// Where the first byte of an image is loaded that grants no pages.
inline constexpr std::uint64_t kImageBase = 0x100000;

/// Xen's toolstack gives a PVH domain its memory up to here (the ACPI tables'
/// address in its libxl_dom.c; local APIC and I/O APIC lie behind it), and what
/// is left from 4 GiB on.
inline constexpr std::uint64_t kLowMemoryEnd = 0xfc000000;
inline constexpr std::uint64_t kHighMemory = 1ull << 32;

/// Pages below the image that map frames which are not RAM. (In code an address
/// of theirs ends in the bytes 0e 00; with 0f 00 it could be taken for lldt.)
inline constexpr std::uint64_t kIoWindow = 0xe0000;
inline constexpr std::uint64_t kSharedInfoAddress = kIoWindow;
inline constexpr std::uint64_t kConsoleAddress = kIoWindow + kPageSize;
inline constexpr std::uint64_t kXenstoreAddress = kIoWindow + 2 * kPageSize;

inline constexpr std::uint64_t kGrantAddress = kIoWindow + 4 * kPageSize;
inline constexpr std::uint64_t kGrantPages = 4;
/// Version 1 of the table has entries of eight bytes; the toolstack has the
/// first eight (xen/include/public/grant_table.h).
inline constexpr std::uint64_t kGrantEntries = kGrantPages * kPageSize / 8;
inline constexpr std::uint64_t kReservedGrants = 8;

/// Pages that can be granted to other domains; each has its own entry of the
/// table.
inline constexpr std::uint64_t kIoPages = 1024;
static_assert(kIoPages + kReservedGrants <= kGrantEntries);

/// They lie at addresses of large pages, which need no table of pages, below the
/// image, whose first byte is then behind them.
inline constexpr std::uint64_t kIoPool = kLargePageSize;
static_assert(kIoPages * kPageSize % kLargePageSize == 0);

/// Frame numbers behind the I/O window on PVH. The two rings lie where Xen's
/// toolstack puts a domain's special pages (libxc xc_dom_x86.c, special_pfn);
/// boot reads HVM_PARAM_*_PFN and stops if it finds others. shared_info goes
/// where we ask (XENMAPSPACE_shared_info): a frame below those, never RAM; so
/// does the grant table.
inline constexpr std::uint64_t kGrantFrame = 0xfefd0;
inline constexpr std::uint64_t kSharedInfoFrame = 0xfefe0;
inline constexpr std::uint64_t kConsoleFrame = 0xfefff;
inline constexpr std::uint64_t kXenstoreFrame = 0xfeffc;

/// A PVH boot builds its page tables behind the image, one of each level.
inline constexpr std::uint64_t kBootTables = 4 * kPageSize;

/// From one exception's entry to the next (xen-boot/entry/traps.S).
inline constexpr unsigned kStubSize = 4;

inline constexpr std::uint64_t kDefaultMemory = 64u << 20;
inline constexpr std::uint64_t kDefaultMemoryMax = 512u << 20;
inline constexpr std::uint64_t kDefaultStackSize = 256u << 10;
inline constexpr std::uint64_t kDefaultThreads = 64;
inline constexpr std::uint64_t kDefaultThreadStackSize = 64u << 10;
inline constexpr std::uint64_t kDefaultTimeSlice = 10'000; ///< microseconds

} // namespace ampoule::abi
