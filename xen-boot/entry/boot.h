// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the two boots share. Boot code lies in .text.boot, apart from what runs
// later.
#pragma once

#include "libos/abi/config.h"
#include "libos/xen/cpuid.h"
#include "xen-boot/abi/handoff.h"

#include <cstddef>

#define AMPOULE_BOOT [[gnu::section(".text.boot"), gnu::noinline]]

// Defined by the link script.
extern "C" char __ampoule_boot_start[], __ampoule_text_start[], __ampoule_text_end[],
    __ampoule_rodata_start[], __ampoule_rodata_end[], __ampoule_data_start[],
    __ampoule_data_end[], __ampoule_stack_bottom[], __ampoule_stack_top[],
    __ampoule_thread_stacks[], __ampoule_thread_stack_size[],
    __ampoule_thread_stack_count[], __ampoule_io_pool[], __ampoule_io_pool_end[],
    __ampoule_image_end[];

extern "C" {
/// libos/gnttab: the pool's frames, for the entries of the grant table.
extern std::uint32_t ampoule_io_frames[];
/// The linker's answer: can the image grant pages?
int __ampoule_live_ampoule_take_io_page();
}

namespace ampoule::boot {

inline std::uint64_t address(const void *pointer) {
  return reinterpret_cast<std::uint64_t>(pointer);
}

/// Ends a boot that cannot go on; the text goes where Xen's own log goes.
[[noreturn]] void fail(const char *reason);

/// Fills in what does not depend on the entry.
void begin(abi::Handoff &handoff, abi::Mode mode, std::uint64_t ticks,
           char *commandLine);

using xen::Registers;
Registers cpuid(std::uint32_t leaf, std::uint32_t subleaf = 0);

/// Switches on what the processor has of x87, SSE, AVX and AVX-512
/// (Intel SDM volume 1, section 13.3).
void enableExtendedState();

/// Records [start, end) as free, without the `reserved` ranges in it, cut to
/// the window that the image was linked for, or two.
void addMemory(abi::Handoff &handoff, abi::MemoryRange range,
               const abi::MemoryRange *reserved, unsigned count);

} // namespace ampoule::boot

/// The end of booting (seal.S).
extern "C" [[noreturn]] void ampoule_sealed(ampoule::abi::Handoff &);
