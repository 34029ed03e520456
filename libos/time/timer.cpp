// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Xen's one-shot timer; its deadlines are in system time, as `monotonic` is.
#include "libos/time/timer.h"

#include "libos/time/time.h"
#include "libos/xen/xen.h"

#include <xen/vcpu.h>

namespace ampoule::time {
namespace {

/// Xen may be early by so much (xen/common/timer.c, TIMER_SLOP is 50 us).
constexpr std::uint64_t kSlop = 60'000;

constinit events::Handler bound = nullptr;
constinit std::uint64_t armed = 0;

/// Also called for a deadline that has been called off meanwhile.
void onTimer() {
  if (armed == 0 || monotonic() + kSlop < armed)
    return;
  armed = 0;
  bound();
}

} // namespace

bool setTimer(std::uint64_t deadline, events::Handler handler) {
  if (!bound) {
    if (!events::bindVirtualInterrupt(VIRQ_TIMER, onTimer))
      return false;
    bound = handler;
    // A PV vCPU starts with a tick every 10 ms (PVH has none to stop).
    xen::hypercall(__HYPERVISOR_vcpu_op,
                   std::uint64_t{VCPUOP_stop_periodic_timer}, std::uint64_t{0},
                   nullptr);
  }
  if (bound != handler)
    return false;
  armed = deadline;
  return xen::hypercall(__HYPERVISOR_set_timer_op, deadline) == 0;
}

} // namespace ampoule::time
