// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The vCPU's one timer.
#pragma once

#include "libos/events/events.h"

#include <cstdint>

namespace ampoule::time {

/// Has `handler` called (as a handler of an event) once `monotonic` passes
/// `deadline`; 0 calls it off. False: there is no timer, or it has another
/// handler.
bool setTimer(std::uint64_t deadline, events::Handler handler);

} // namespace ampoule::time
