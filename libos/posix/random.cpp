// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "libos/posix/posix.h"
#include "libos/random/random.h"

using namespace ampoule;
using namespace ampoule::posix;

AMPOULE_SYSCALL(getrandom, void *buffer, std::size_t size) {
  if (!random::isAvailable())
    return -kNoSuchCall;
  random::fill(buffer, size);
  return static_cast<long>(size);
}
