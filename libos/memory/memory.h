// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Pages: the free memory of the domain, in extents.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ampoule::memory {

/// Finds `pages` neighbouring pages, zeroed. Null when there are none.
void *allocate(std::size_t pages);

/// Gives pages back; any part of what `allocate` returned.
void release(void *start, std::size_t pages);

} // namespace ampoule::memory
