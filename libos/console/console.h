// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The domain's text console.
#pragma once

#include <cstddef>

namespace ampoule::console {

/// Writes all of it; waits while the ring is full. As a terminal does (ONLCR),
/// a domU's console gets "\r\n" for each line feed.
void write(const char *text, std::size_t size);

/// Waits for a character. -1: no input will come. Only a domU's console has
/// input; Xen's log and the debug port have none.
int read();

/// Gives the other side of the ring time to take what was written.
void drain();

} // namespace ampoule::console
