// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The process ends with the image's status.
#include "libos/shutdown/shutdown.h"

#include "libos/abi/module.h"
#include "libos/hosted/host.h"

namespace ampoule::shutdown {

void end(Kind, int status) {
  while (true)
    hosted::call(hosted::kExitGroup, status);
}

void halt() { __builtin_trap(); }
void rebootAtEnd() {}

} // namespace ampoule::shutdown

AMPOULE_MODULE(shutdown, nullptr);
