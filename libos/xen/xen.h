// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Hypercalls by name. Results are Xen's: >= 0, or a negative errno value
// (xen/include/public/errno.h).
#pragma once

#include "xen-boot/abi/layout.h"

#include <cstdint>

#include <xen/xen.h>

#include <xen/event_channel.h>
#include <xen/grant_table.h>
#include <xen/hvm/hvm_op.h>
#include <xen/hvm/params.h>
#include <xen/memory.h>
#include <xen/physdev.h>
#include <xen/sched.h>

extern "C" long ampoule_hypercall(std::uint64_t a, std::uint64_t b,
                                  std::uint64_t c, std::uint64_t d,
                                  std::uint64_t e, std::uint64_t number);
/// 0: no hypervisor; 1: PV; 2: PVH with AMD-V; 3: PVH with VT-x.
extern "C" std::uint8_t ampoule_hypercall_kind;

namespace ampoule::xen {

inline bool isPresent() { return ampoule_hypercall_kind != 0; }
inline bool isPv() { return ampoule_hypercall_kind == 1; }

/// An argument: a number, or where something lies.
struct Word {
  constexpr Word(std::uint64_t value = 0) : value(value) {}
  Word(const volatile void *pointer)
      : value(reinterpret_cast<std::uint64_t>(pointer)) {}
  std::uint64_t value;
};

[[gnu::always_inline]] inline long hypercall(unsigned number, Word a = {},
                                             Word b = {}, Word c = {},
                                             Word d = {}, Word e = {}) {
  return ampoule_hypercall(a.value, b.value, c.value, d.value, e.value, number);
}

inline long sendEvent(std::uint32_t port) {
  evtchn_send send = {port};
  return hypercall(__HYPERVISOR_event_channel_op, std::uint64_t{EVTCHNOP_send},
                   &send);
}

/// No handler takes the port's events: they stay pending, as poll() needs it.
inline void maskPort(std::uint32_t port);
inline void unmaskPort(std::uint32_t port) {
  evtchn_unmask unmask = {port};
  hypercall(__HYPERVISOR_event_channel_op, std::uint64_t{EVTCHNOP_unmask},
            &unmask);
}

/// Waits until `port` is pending or, with a nonzero `deadline`, until that
/// system time in nanoseconds.
void poll(std::uint32_t port, std::uint64_t deadline);

[[noreturn]] void shutdown(unsigned reason);

/// Mapped by boot code; see xen-boot/abi/layout.h.
inline shared_info_t &sharedInfo() {
  return *reinterpret_cast<shared_info_t *>(abi::kSharedInfoAddress);
}

inline void maskPort(std::uint32_t port) {
  __atomic_fetch_or(&sharedInfo().evtchn_mask[port / 64], 1ul << port % 64,
                    __ATOMIC_SEQ_CST);
}

/// No event interrupts the program any more, if any ever did.
void maskUpcalls();

/// Orders accesses to memory that another domain sees.
inline void barrier() { __atomic_thread_fence(__ATOMIC_SEQ_CST); }

} // namespace ampoule::xen
