// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <cstdint>

namespace ampoule::posix {

/// Wakes up to `most` threads that wait for `word` to change; how many it was.
long wakeWaiters(const std::uint32_t *word, long most,
                 std::uint32_t bits = ~0u);

} // namespace ampoule::posix
