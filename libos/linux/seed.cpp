// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The kernel's is enough (getauxval(3), AT_RANDOM).
#include "libos/seed/seed.h"

#include "libos/abi/module.h"
#include "xen-boot/abi/handoff.h"

namespace ampoule::seed {

constinit Secret secret = {};

static void init(const abi::Handoff &handoff) {
  secret = {handoff.entropy[0], handoff.entropy[1]};
}

} // namespace ampoule::seed

AMPOULE_MODULE(seed, &ampoule::seed::init);
