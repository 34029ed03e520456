// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The domain's text console.
#pragma once

#include <cstddef>

namespace ampoule::console {

/// Writes all of it; waits while the ring is full. As a terminal does (ONLCR),
/// a domU's console gets "\r\n" for each line feed.
void write(const char *text, std::size_t size);

} // namespace ampoule::console
