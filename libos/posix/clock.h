// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Clocks by their numbers.
#pragma once

#include "libos/posix/posix.h"

namespace ampoule::posix {

/// False: there is no such clock.
bool readClock(long clock, std::uint64_t &now);

/// Whether it stands still while the program, or the thread, waits.
bool countsCpuTime(long clock);

inline TimeSpec toTimeSpec(std::uint64_t time) {
  return {static_cast<std::int64_t>(time / kNanosecondsPerSecond),
          static_cast<std::int64_t>(time % kNanosecondsPerSecond)};
}

} // namespace ampoule::posix
