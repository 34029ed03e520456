// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the backend has to be told of a frame that carries TCP, and whether two
// such frames could be one: the backend cuts a long one to segments again.
#pragma once

#include <cstdint>

struct pbuf;

namespace ampoule::netfront {

/// Where the headers of a frame lie, as offsets of bytes.
struct Headers {
  std::uint16_t transport = 0; ///< TCP's; 0: it is something else
  std::uint16_t data = 0;      ///< what TCP carries
  std::uint16_t dataSize = 0;
  bool isIpv6 = false;
};
Headers findHeaders(const pbuf &frame);

/// `next` continues what `first` and `soFar` bytes of data carry: the same
/// connection with the same words in its headers, and nothing in between.
bool continues(const std::uint8_t *first, const Headers &firstHeaders,
               unsigned soFar, const std::uint8_t *next,
               const Headers &nextHeaders);

/// Sets the lengths for so much data, the flag PSH if the last segment has it,
/// and, where the checksum of TCP would be, that of the pseudo-header
/// (RFC 9293, section 3.1; RFC 8200, section 8.1): the backend does the rest.
void finish(std::uint8_t *frame, const Headers &headers, unsigned dataSize,
            bool isPushed);

/// The flag PSH of a frame that carries TCP.
bool isPushed(const std::uint8_t *frame, const Headers &headers);

} // namespace ampoule::netfront
