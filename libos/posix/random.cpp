// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "libos/posix/posix.h"
#include "libos/xen/random.h"

using namespace ampoule;
using namespace ampoule::posix;

AMPOULE_SYSCALL(getrandom, unsigned char *buffer, std::size_t size) {
  if (!xen::canMakeRandom())
    return -kNoSuchCall;
  for (std::size_t i = 0; i < size; ++i) {
    static std::uint64_t value;
    if (i % sizeof(value) == 0 && !xen::makeRandom(value))
      return -kTryAgain;
    buffer[i] = static_cast<unsigned char>(value >> (i % sizeof(value) * 8));
  }
  return static_cast<long>(size);
}
