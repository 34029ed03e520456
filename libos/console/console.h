// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The domain's text console.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ampoule::console {

/// Writes all of it; waits while the ring is full. As a terminal does (ONLCR),
/// a domU's console gets "\r\n" for each line feed.
void write(const char *text, std::size_t size);

/// The next character of the input. Only a domU's console has any; Xen's log and
/// the debug port have none.
inline constexpr int kNoInputYet = -1, kNoMoreInput = -2;
int take();

/// Waits until there may be input or, if it is not 0, until that value of
/// `time::monotonic`; and the whole image with it.
void waitForInput(std::uint64_t deadline);

/// Has `hear` called within a call when there may be input. False: nothing
/// interrupts this image, or there is no input.
bool listen(void (*hear)());

/// How listen() gets events: events::bind, if the image has that.
void setBinder(bool (*bind)(std::uint32_t port, void (*handler)()));

/// Gives the other side of the ring time to take what was written.
void drain();

} // namespace ampoule::console
