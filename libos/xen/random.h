// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "libos/xen/cpuid.h"

namespace ampoule::xen {

/// Whether the processor makes random numbers.
inline bool canMakeRandom() {
  constexpr std::uint32_t kRdrand = 1 << 30;
  return cpuid(1).ecx & kRdrand;
}

/// RDRAND (Intel SDM volume 1, section 7.3.17.1: retry ten times). False: none
/// could be had in time.
inline bool makeRandom(std::uint64_t &value) {
  for (unsigned i = 0; i < 10; ++i) {
    bool valid;
    asm volatile("rdrand %0" : "=r"(value), "=@ccc"(valid));
    if (valid)
      return true;
  }
  return false;
}

} // namespace ampoule::xen
