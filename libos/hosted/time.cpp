// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The host's clocks.
#include "libos/time/time.h"

#include "libos/abi/module.h"
#include "libos/hosted/host.h"

namespace ampoule::time {

static std::uint64_t read(long clock) {
  hosted::Moment now;
  hosted::call(hosted::kClockGettime, clock, &now);
  return now.nanoseconds();
}

std::uint64_t monotonic() { return read(hosted::kMonotonic); }
std::uint64_t real() { return read(hosted::kRealtime); }

bool sleepUntil(std::uint64_t deadline) {
  hosted::Moment until(deadline);
  return hosted::call(hosted::kClockNanosleep, hosted::kMonotonic,
                      hosted::kAbsolute, &until) == 0;
}

} // namespace ampoule::time

AMPOULE_MODULE(time, nullptr);
