// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Frames to the backend. Each is copied into pages of the I/O pool that the
// backend may read as long as the device is there: there is nothing else in
// them, and so no grant has to end for a frame.
#pragma once

#include "libos/xenbus/ring.h"

#include <xen/io/netif.h>

struct pbuf;

namespace ampoule::netfront {

class Transmitter {
public:
  /// False: no page for the ring.
  bool connect(gnttab::Domain peer);
  void disconnect();

  std::uint32_t reference() const { return gnttab::referenceOf(ringPage); }

  enum class Result : std::uint8_t { Sent, Full, BackendLies };
  /// `notify`: the backend waits for an event.
  Result send(const pbuf &frame, std::uint16_t flags, bool &notify);

  /// Takes back what the backend has sent. False: it lies.
  bool reap();
  /// An event is wanted when there is room again.
  bool expectRoom() { return ring.expect(ring.outstanding() / 2 + 1); }

private:
  using Ring = xenbus::FrontRing<netif_tx_sring_t>;
  static constexpr std::uint16_t kNone = 0xffff;
  /// So many free slots get their pages.
  bool prepare(unsigned pages);
  bool give(std::uint16_t id);

  Ring ring;
  gnttab::Page ringPage = gnttab::kNoPage;
  gnttab::Domain peer = 0;
  std::uint16_t firstFree = kNone;
  struct Slot {
    gnttab::Page page = gnttab::kNoPage; ///< once it was needed
    std::uint16_t nextFree = kNone;
    bool isSent = false;
  };
  Slot slots[Ring::kSize];
};

} // namespace ampoule::netfront
