// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The clocks, and waiting for them.
#pragma once

#include <cstdint>

namespace ampoule::time {

/// Nanoseconds since some moment before the image started; never goes back.
std::uint64_t monotonic();

/// Nanoseconds since 1970-01-01 00:00 UTC.
std::uint64_t real();

/// Waits until this value of `monotonic`; false: woken earlier, by an event.
bool sleepUntil(std::uint64_t deadline);

} // namespace ampoule::time
