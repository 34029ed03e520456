// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The domain's disks, by the split block driver (xen/include/public/io/blkif.h).
// A transfer is cut into requests, several of which are under way at once; the
// thread that asked sleeps until all are done. Nothing is cached: a write has
// reached the backend when it returns, and lasting storage after `flush`. A
// backend that goes fails what is under way, and what is asked until it comes back;
// then the disk goes on, if it is the same.
#pragma once

#include "libos/blkfront/requests.h"
#include "libos/xenbus/xenbus.h"

namespace ampoule::blkfront {

class Disk final : private xenbus::Frontend {
public:
  constexpr Disk() = default;

  /// Connects to xvda + `index`. False: the domain does not have it.
  bool open(unsigned index, std::uint64_t deadline);

  bool isReady() const { return isUp(); }
  bool isReadOnly() const { return readOnly; }
  std::uint64_t size() const { return bytes; }
  /// Offsets and sizes of transfers are multiples of it; at most a page.
  std::uint32_t blockSize() const { return block; }

  /// False: the backend failed, or is gone.
  [[nodiscard]] bool read(char *to, std::size_t size, std::uint64_t offset);
  [[nodiscard]] bool write(const char *from, std::size_t size,
                           std::uint64_t offset);
  /// What was written before it stays, also if the power fails.
  [[nodiscard]] bool flush();
  bool canDiscard() const { return discards; }
  /// What is there is no longer needed.
  [[nodiscard]] bool discard(std::uint64_t offset, std::uint64_t size);

  /// Takes the backend's responses.
  void work();

private:
  bool connect() override;
  XenbusState published() const override { return XenbusStateInitialised; }
  const char *begin() override;
  void disconnect() override;

  bool awaitRoom(std::size_t size);
  [[nodiscard]] bool move(std::uint8_t operation, char *buffer,
                          std::size_t size, std::uint64_t offset);
  [[nodiscard]] bool order(const blkif_request &request, bool &isRefused);

  Requests requests;
  std::uint32_t port = 0, block = kSector;
  std::uint16_t number = 0;
  std::uint64_t bytes = 0;
  /// What the backend has it from, in the toolstack's words.
  char source[96] = {};
  bool readOnly = false, flushes = false, hasBarrier = false, discards = false;
};

/// Of the disks that the image is configured to have (--ampoule-disks). Null:
/// the domain does not have it.
Disk *disk(unsigned index);

} // namespace ampoule::blkfront
