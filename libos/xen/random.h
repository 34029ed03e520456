// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "libos/xen/cpuid.h"

namespace ampoule::xen {

/// Bits of CPUID leaf 1, ECX, and of leaf 7, EBX.
inline constexpr std::uint32_t kRdrand = 1 << 30, kRdseed = 1 << 18;

/// Whether the processor makes random numbers.
inline bool canMakeRandom() { return cpuid(1).ecx & kRdrand; }

/// Whether it gives what they are made of.
inline bool canMakeSeed() {
  return cpuid(0).eax >= 7 && cpuid(7).ebx & kRdseed;
}

/// RDRAND, which the processor must have (Intel SDM volume 1, section 7.3.17.1:
/// retry ten times). False: none could be had in time.
[[gnu::always_inline]] inline bool drawRandom(std::uint64_t &value) {
  for (unsigned i = 0; i < 10; ++i) {
    bool isValid;
    asm volatile("rdrand %0" : "=r"(value), "=@ccc"(isValid));
    if (isValid)
      return true;
  }
  return false;
}

/// False also if the processor has no such instruction.
inline bool makeRandom(std::uint64_t &value) {
  return canMakeRandom() && drawRandom(value);
}

/// RDSEED, which may have none for a while (section 7.3.17.2).
inline bool makeSeed(std::uint64_t &value) {
  bool isValid = false;
  if (canMakeSeed())
    for (unsigned i = 0; i < 100 && !isValid; ++i)
      asm volatile("rdseed %0; pause" : "=r"(value), "=@ccc"(isValid));
  return isValid;
}

} // namespace ampoule::xen
