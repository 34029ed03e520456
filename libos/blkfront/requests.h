// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Requests to a disk's backend that are under way, and the ring that they go
// through (xen/include/public/io/blkif.h). Data goes through pages of the I/O
// pool that stay granted for as long as there is a backend: it keeps them mapped
// if it can, and sees nothing else of the image.
//
// The backend is not trusted: of a response the id and the operation must be
// those of a request that has none yet. What a read brings is what the backend
// says, and nothing here depends on it.
#pragma once

#include "libos/threads/threads.h"
#include "libos/xenbus/ring.h"

#include <xen/io/blkif.h>

namespace ampoule::blkfront {

inline constexpr unsigned kSector = 512;

/// What a caller waits for: all requests that it made.
struct Transfer {
  unsigned pending = 0;
  bool isGood = true;
  bool isRefused = false; ///< the backend does not know the operation
  threads::Queue waiting;
};

class Requests {
public:
  constexpr Requests() = default;

  /// Segments of a request, a page each. Those of a larger one than the ring's
  /// own are named in another page (BLKIF_OP_INDIRECT), if the backend reads it.
  static constexpr unsigned kDirect = BLKIF_MAX_SEGMENTS_PER_REQUEST;
  static constexpr unsigned kMost = 31;

  /// False: there are no pages.
  bool connect(gnttab::Domain peer);
  /// What is under way has failed.
  void disconnect();
  /// How many segments the backend takes of an indirect request; 0: none.
  void allowIndirect(std::uint64_t segments);
  std::size_t mostBytes() const { return most * abi::kPageSize; }
  std::uint32_t reference() const { return ring.reference(); }

  /// Whether a request of that many bytes can be made.
  bool hasRoom(std::size_t size) const;
  /// Reads or writes up to mostBytes(), whole sectors; a buffer that is read
  /// into must stay until `transfer` has nothing pending. True: the backend
  /// waits for an event.
  bool move(Transfer &transfer, std::uint8_t operation, char *buffer,
            std::size_t size, std::uint64_t offset, std::uint16_t device);
  /// A request without data.
  bool order(Transfer &transfer, const blkif_request &request);

  /// Takes the responses. False: the backend lies, and is to be left.
  [[nodiscard]] bool work();

  /// Those who wait for room.
  threads::Queue room;

private:
  static constexpr unsigned kPages = 2 * (kMost + 1); // two of the largest
  using Ring = xenbus::FrontRing<blkif_sring>;

  /// A request; its id is its index.
  struct Slot {
    Transfer *transfer; ///< null: free
    char *to;           ///< of a read
    std::uint32_t size;
    std::uint8_t operation; ///< of an indirect request: what it does
    std::uint8_t pages;     ///< with the one that names the others, the first
    std::uint8_t page[kMost + 1]; ///< in `granted`
  };

  Slot *freeSlot();
  gnttab::Page take(Slot &slot);
  bool put(Slot &slot, Transfer &transfer, blkif_request request);
  bool finish(const blkif_response &response);
  void release(Slot &slot, bool isGood);

  Ring ring;
  Slot slots[Ring::kSize] = {};
  gnttab::Page granted[kPages] = {};
  /// Those that no request uses, as a stack: the same few are used over and
  /// over.
  std::uint8_t free[kPages] = {};
  unsigned freeCount = 0, most = kDirect;
};

} // namespace ampoule::blkfront
