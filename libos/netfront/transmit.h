// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Frames to the backend. Each is copied into pages of the I/O pool that the
// backend may read as long as the device is there: there is nothing else in
// them, and so no grant has to end for a frame.
//
// A frame waits there until flush(): segments of TCP that follow each other
// become one frame, which the backend cuts up again (GSO).
#pragma once

#include "libos/netfront/headers.h"
#include "libos/xenbus/ring.h"

#include <xen/io/netif.h>

struct pbuf;

namespace ampoule::netfront {

class Transmitter {
public:
  /// What the backend does for TCP.
  struct Offload {
    bool checksums = false;
    bool segments = false, segmentsIpv6 = false;
  };

  /// False: no page for the ring.
  bool connect(gnttab::Domain peer);
  void begin(Offload what) { offload = what; }
  void disconnect();

  std::uint32_t reference() const { return ring.reference(); }

  enum class Result : std::uint8_t { Sent, Full, BackendLies };
  /// `notify`: the backend waits for an event.
  Result send(const pbuf &frame, bool &notify);
  void flush(bool &notify);

  /// Takes back what the backend has sent. False: it lies.
  bool reap();
  /// An event is wanted when there is room again. True: there is already.
  bool expectRoom() { return ring.expect(ring.outstanding() / 2 + 1); }

private:
  using Ring = xenbus::FrontRing<netif_tx_sring_t>;
  static constexpr std::uint16_t kNone = 0xffff;
  /// A backend takes frames of at least so many slots
  /// (XEN_NETIF_NR_SLOTS_MIN in xen/include/public/io/netif.h).
  static constexpr unsigned kMostSlots = 18;

  bool makeRoom(unsigned size, bool &lies);
  void copy(const pbuf &frame, unsigned from);
  bool give(std::uint16_t id);
  char *firstPage() const;

  Ring ring;
  gnttab::Domain peer = 0;
  Offload offload;
  std::uint16_t firstFree = kNone;
  struct Slot {
    gnttab::Page page = gnttab::kNoPage; ///< once it was needed
    std::uint16_t nextFree = kNone;
    bool isSent = false;
  };
  Slot slots[Ring::kSize];

  /// The frame that waits: its slots, how many bytes, and what they are.
  std::uint16_t waiting[kMostSlots];
  unsigned waitingSlots = 0, waitingSize = 0;
  Headers headers;
  unsigned dataSize = 0; ///< of all its segments
  bool pushed = false;
};

} // namespace ampoule::netfront
