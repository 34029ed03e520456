// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Frames from the backend. It writes into pages of the I/O pool that lie on the
// ring; a page's grant ends before anybody looks at what was written, so that
// it can change no more. Then the page itself is the packet: it goes back on the
// ring when the stack has done with it. Short frames are copied instead.
#pragma once

#include "libos/xenbus/ring.h"

#include <xen/io/netif.h>

struct pbuf;

namespace ampoule::netfront {

class Receiver {
public:
  /// False: no page for the ring, or too few to receive with.
  bool connect(gnttab::Domain peer);
  void disconnect();

  std::uint32_t reference() const { return ring.reference(); }

  enum class Result : std::uint8_t { Frame, Dropped, Nothing, BackendLies };
  /// `frame`: what came, the caller's; `flags` of NETRXF_*.
  Result receive(pbuf *&frame, std::uint16_t &flags);

  /// Puts pages on the ring. True: the backend waits for an event.
  bool refill();
  bool expectMore() { return ring.expect(1); }

  /// A page of a packet that the stack no longer needs.
  struct Buffer;
  void giveBack(Buffer &buffer);

private:
  using Ring = xenbus::FrontRing<netif_rx_sring_t>;
  /// As many pages can be in packets as are on the ring.
  static constexpr unsigned kMostBuffers = 2 * Ring::kSize,
                            kFewPosted = Ring::kSize / 4;

  bool skipExtra(int &available);
  bool append(pbuf *&frame, Buffer &buffer,
              const netif_rx_response_t &response);
  pbuf *toPacket(Buffer &buffer, unsigned offset, unsigned size);
  /// What lay in that place of the ring, no longer the backend's. Null: it has
  /// the page mapped still.
  Buffer *retrieve(unsigned slot);
  Buffer *newBuffer();
  void drop(Buffer &buffer);

  Ring ring;
  gnttab::Domain peer = 0;
  unsigned buffers = 0, generation = 0;
  Buffer *firstFree = nullptr;
  Buffer *posted[Ring::kSize] = {}; ///< by slot
};

} // namespace ampoule::netfront
