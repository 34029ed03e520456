// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "libos/xen/xen.h"

namespace ampoule::xen {

struct Registers {
  std::uint32_t eax, ebx, ecx, edx;
};

/// What the processor is for this domain. A PV guest asks Xen by the forced
/// emulation prefix: the instruction alone may show the bare machine
/// (xen/include/public/arch-x86/xen.h, XEN_CPUID).
[[gnu::always_inline]] inline Registers cpuid(std::uint32_t leaf,
                                              std::uint32_t subleaf = 0) {
  Registers r;
  if (isPv())
    asm volatile(XEN_CPUID
                 : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx)
                 : "a"(leaf), "c"(subleaf));
  else
    asm volatile("cpuid"
                 : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx)
                 : "a"(leaf), "c"(subleaf));
  return r;
}

} // namespace ampoule::xen
