// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A hypervisor that is not there, but for its timer.
#include "libos/xen/xen.h"

#include "libos/abi/module.h"
#include "libos/events/events.h"
#include "libos/hosted/host.h"
#include "libos/shutdown/shutdown.h"

using namespace ampoule;

extern "C" {
constinit std::uint8_t ampoule_hypercall_kind = 0;

long ampoule_hypercall(std::uint64_t a, std::uint64_t, std::uint64_t,
                       std::uint64_t, std::uint64_t, std::uint64_t number) {
  constexpr long kNoSuchCall = -38; // XEN_ENOSYS
  if (number != __HYPERVISOR_set_timer_op)
    return kNoSuchCall;
  hosted::setTimer(a);
  return 0;
}
}

namespace ampoule::xen {

void poll(std::uint32_t, std::uint64_t) {}
void shutdown(unsigned) { shutdown::halt(); }
void maskUpcalls() { events::disable(); }

} // namespace ampoule::xen

AMPOULE_MODULE(xen, nullptr);
