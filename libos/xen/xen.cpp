// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The hypervisor as the other modules see it: waiting for an event, masking
// all of them, and the end of the domain.
#include "libos/xen/xen.h"

#include "libos/abi/module.h"

AMPOULE_MODULE(xen, nullptr);

namespace ampoule::xen {

void poll(std::uint32_t port, std::uint64_t deadline) {
  sched_poll_t poll = {};
  evtchn_port_t ports[1] = {port};
  set_xen_guest_handle(poll.ports, ports);
  poll.nr_ports = port != 0;
  poll.timeout = deadline;
  hypercall(__HYPERVISOR_sched_op, std::uint64_t{SCHEDOP_poll}, &poll);
  if (port != 0)
    __atomic_fetch_and(&sharedInfo().evtchn_pending[port / 64],
                       ~(1ul << port % 64), __ATOMIC_SEQ_CST);
}

void shutdown(unsigned reason) {
  sched_shutdown_t shutdown = {reason};
  while (true)
    hypercall(__HYPERVISOR_sched_op, std::uint64_t{SCHEDOP_shutdown},
              &shutdown);
}

void maskUpcalls() {
  if (isPv())
    __atomic_store_n(&sharedInfo().vcpu_info[0].evtchn_upcall_mask, 1,
                     __ATOMIC_SEQ_CST);
  else
    asm volatile("cli" ::: "memory");
}

} // namespace ampoule::xen
