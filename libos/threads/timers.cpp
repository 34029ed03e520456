// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A list in the order of the deadlines; the first one is what Xen's one-shot
// timer is set to. A deadline that is called off leaves the timer as it is: an
// interrupt too many costs less than a hypercall each time.
#include "libos/threads/timers.h"

#include "libos/console/console.h"
#include "libos/control/control.h"
#include "libos/events/events.h"
#include "libos/threads/call.h"
#include "libos/time/time.h"
#include "libos/xen/xen.h"

#include <xen/vcpu.h>

namespace ampoule::threads {
namespace {

/// Xen may be early by so much (xen/common/timer.c, TIMER_SLOP is 50 us).
constexpr std::uint64_t kSlop = 60'000;

constinit Timer *first = nullptr;
constinit bool interrupts = false;
constinit std::uint64_t armed = 0; ///< what Xen's timer is set to; 0: nothing

void onInterrupt() {
  armed = 0;
  addLate(lateTimers);
}

void arm() {
  if (!interrupts || !first || (armed && armed <= first->deadline))
    return;
  armed = first->deadline ? first->deadline : 1; // 0 would stop Xen's timer
  // A deadline in the past is refused by old versions, and served by new ones.
  if (xen::hypercall(__HYPERVISOR_set_timer_op, armed))
    onInterrupt();
}

} // namespace

void set(Timer &timer, std::uint64_t deadline) {
  cancel(timer);
  Timer **link = &first;
  while (*link && (*link)->deadline <= deadline)
    link = &(*link)->next;
  timer.deadline = deadline;
  timer.next = *link;
  timer.isSet = true;
  *link = &timer;
  arm();
}

void cancel(Timer &timer) {
  if (!timer.isSet)
    return;
  Timer **link = &first;
  while (*link != &timer)
    link = &(*link)->next;
  *link = timer.next;
  timer.isSet = false;
}

bool interruptForTimers() {
  if (interrupts)
    return true;
  if (!events::bindVirtualInterrupt(VIRQ_TIMER, onInterrupt))
    return false;
  interrupts = true;
  // A PV vCPU starts with a tick every 10 ms (PVH has none to stop).
  xen::hypercall(__HYPERVISOR_vcpu_op,
                 std::uint64_t{VCPUOP_stop_periodic_timer}, std::uint64_t{0},
                 nullptr);
  arm();
  console::setBinder(events::bind);
  control::listen();
  return true;
}

std::uint64_t firstDeadline() { return first ? first->deadline : ~0ull; }

void expireTimers() {
  if (first) {
    // What Xen is early by counts as passed, or it would be asked again.
    std::uint64_t now = time::monotonic() + (interrupts ? kSlop : 0);
    while (first && first->deadline <= now) {
      Timer &timer = *first;
      first = timer.next;
      timer.isSet = false;
      timer.expire(timer);
    }
  }
  arm();
}

} // namespace ampoule::threads
