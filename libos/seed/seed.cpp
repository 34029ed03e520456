// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "libos/seed/seed.h"

#include "libos/abi/module.h"
#include "libos/xenstore/xenstore.h"
#include "xen-boot/abi/handoff.h"

namespace ampoule::seed {

constinit Secret secret = {};

static void init(const abi::Handoff &handoff) {
  secret = {handoff.entropy[0], handoff.entropy[1]};
  constexpr char kSeed[] = "data/ampoule/seed";
  char text[256];
  if (xenstore::read(kSeed, text, sizeof(text)) && text[0])
    xenstore::write(kSeed, "");
  else if (!xenstore::read("vm", text, sizeof(text)))
    return;
  secret.mix(text);
}

} // namespace ampoule::seed

AMPOULE_MODULE(seed, &ampoule::seed::init, xenstore);
