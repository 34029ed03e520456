// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Event channels that interrupt the program. Modules that only wait for an
// event (xen::poll) do not need this one: without it upcalls stay off.
#pragma once

#include "libos/threads/call.h"

#include <cstdint>

namespace ampoule::events {

/// Runs with upcalls off, on the running thread's stack, in the midst of
/// anything: it notes what happened (libos/threads/call.h) and returns.
using Handler = void (*)();

/// Binds a virtual interrupt (VIRQ_*) of this vCPU. False: Xen refuses, or
/// there is no Xen.
bool bindVirtualInterrupt(unsigned number, Handler handler);

/// Has `handler` called for a port that is there already (a ring of Xen's
/// toolstack). False: there is no room for another.
bool bind(std::uint32_t port, Handler handler);

/// A new port, for domain `peer` to bind to. 0: Xen refuses. (The linker tells
/// whether a program has devices by the name.)
extern "C" std::uint32_t ampoule_offer_events(std::uint16_t peer,
                                              Handler handler);
inline std::uint32_t offer(std::uint16_t peer, Handler handler) {
  return ampoule_offer_events(peer, handler);
}

/// Closes a port of `offer`.
void close(std::uint32_t port);

/// From now on events interrupt the program, or do not.
void enable();
void disable();

/// With events disabled: enables them and gives the vCPU up until one comes,
/// without missing any.
void block();

/// The end of an interrupt, with events disabled: what it noted is done now if no
/// call is under way, and can be interrupted itself.
inline void runLate() {
  if (threads::load(threads::isInCall) || !threads::load(threads::late))
    return;
  threads::beginCall();
  enable();
  threads::endCall();
  disable();
}

} // namespace ampoule::events
