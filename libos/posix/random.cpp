// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "libos/posix/posix.h"
#include "libos/xen/cpuid.h"

using namespace ampoule::posix;

/// RDRAND (Intel SDM volume 1, section 7.3.17.1: retry ten times).
static bool random(std::uint64_t &value) {
  for (unsigned i = 0; i < 10; ++i) {
    bool valid;
    asm volatile("rdrand %0" : "=r"(value), "=@ccc"(valid));
    if (valid)
      return true;
  }
  return false;
}

AMPOULE_SYSCALL(getrandom, unsigned char *buffer, std::size_t size) {
  constexpr std::uint32_t kRdrand = 1 << 30;
  if (!(ampoule::xen::cpuid(1).ecx & kRdrand))
    return -kNoSuchCall;
  for (std::size_t i = 0; i < size; ++i) {
    static std::uint64_t value;
    if (i % sizeof(value) == 0 && !random(value))
      return -kTryAgain;
    buffer[i] = static_cast<unsigned char>(value >> (i % sizeof(value) * 8));
  }
  return static_cast<long>(size);
}
