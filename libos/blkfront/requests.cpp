// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "libos/blkfront/requests.h"

namespace ampoule::blkfront {
namespace {

constexpr unsigned segmentsOf(std::size_t size) {
  return static_cast<unsigned>((size + abi::kPageSize - 1) / abi::kPageSize);
}

/// How much of `size` bytes is in the page that many bytes behind the first.
constexpr std::size_t partOf(std::size_t size, std::size_t done) {
  return size - done < abi::kPageSize ? size - done : abi::kPageSize;
}

} // namespace

bool Requests::connect(gnttab::Domain peer) {
  if (ring.open(peer))
    while (freeCount < kPages) {
      gnttab::Page page = gnttab::take();
      if (page == gnttab::kNoPage)
        break;
      gnttab::grant(page, peer, gnttab::Access::ReadWrite);
      granted[freeCount] = page;
      free[freeCount] = static_cast<std::uint8_t>(freeCount);
      ++freeCount;
    }
  most = kDirect;
  if (freeCount < kMost + 1) {
    disconnect();
    return false;
  }
  return true;
}

void Requests::disconnect() {
  for (Slot &slot : slots)
    if (slot.transfer)
      release(slot, /*isGood=*/false);
  while (freeCount)
    gnttab::give(granted[free[--freeCount]]);
  ring.close();
  threads::wakeAll(room);
}

void Requests::allowIndirect(std::uint64_t segments) {
  most = segments <= kDirect ? kDirect
         : segments < kMost  ? static_cast<unsigned>(segments)
                             : kMost;
}

bool Requests::hasRoom(std::size_t size) const {
  unsigned segments = segmentsOf(size);
  return ring.free() != 0 && segments + (segments > kDirect) <= freeCount;
}

/// There is one for each place of the ring.
Requests::Slot *Requests::freeSlot() {
  Slot *slot = slots;
  while (slot->transfer)
    ++slot;
  return slot;
}

/// Another page for a request.
gnttab::Page Requests::take(Slot &slot) {
  std::uint8_t index = free[--freeCount];
  slot.page[slot.pages++] = index;
  return granted[index];
}

bool Requests::put(Slot &slot, Transfer &transfer, blkif_request request) {
  slot.transfer = &transfer;
  ++transfer.pending;
  // The other structures of requests have the id in the same place.
  request.id = static_cast<std::uint64_t>(&slot - slots);
  ring.put(request);
  return ring.push();
}

bool Requests::move(Transfer &transfer, std::uint8_t operation, char *buffer,
                    std::size_t size, std::uint64_t offset,
                    std::uint16_t device) {
  Slot &slot = *freeSlot();
  slot.operation = operation;
  slot.pages = 0;
  slot.to = buffer;
  slot.size = static_cast<std::uint32_t>(size);
  blkif_request request = {};
  blkif_request_segment *segments = request.seg;
  unsigned count = segmentsOf(size);
  if (count > kDirect) {
    gnttab::Page list = take(slot);
    segments =
        reinterpret_cast<blkif_request_segment *>(gnttab::addressOf(list));
    auto &indirect = reinterpret_cast<blkif_request_indirect &>(request);
    indirect.operation = BLKIF_OP_INDIRECT;
    indirect.indirect_op = operation;
    indirect.nr_segments = static_cast<std::uint16_t>(count);
    indirect.handle = device;
    indirect.sector_number = offset / kSector;
    indirect.indirect_grefs[0] = gnttab::referenceOf(list);
  } else {
    request.operation = operation;
    request.nr_segments = static_cast<std::uint8_t>(count);
    request.handle = device;
    request.sector_number = offset / kSector;
  }
  for (unsigned i = 0; i < count; ++i) {
    gnttab::Page page = take(slot);
    std::size_t done = i * abi::kPageSize, part = partOf(size, done);
    if (operation == BLKIF_OP_WRITE)
      __builtin_memcpy(gnttab::addressOf(page), buffer + done, part);
    segments[i] = {gnttab::referenceOf(page), 0,
                   static_cast<std::uint8_t>(part / kSector - 1)};
  }
  return put(slot, transfer, request);
}

bool Requests::order(Transfer &transfer, const blkif_request &request) {
  Slot &slot = *freeSlot();
  slot.operation = request.operation;
  slot.pages = 0;
  return put(slot, transfer, request);
}

bool Requests::work() {
  do {
    int count = ring.available();
    if (count < 0)
      return false;
    for (; count; --count)
      if (!finish(ring.take()))
        return false;
  } while (ring.expect(1));
  return true;
}

bool Requests::finish(const blkif_response &response) {
  if (response.id >= Ring::kSize)
    return false;
  Slot &slot = slots[response.id];
  if (!slot.transfer || response.operation != slot.operation)
    return false;
  bool isGood = response.status == BLKIF_RSP_OKAY;
  slot.transfer->isRefused |= response.status == BLKIF_RSP_EOPNOTSUPP;
  if (isGood && slot.operation == BLKIF_OP_READ)
    for (std::size_t done = 0, i = slot.pages - segmentsOf(slot.size);
         done < slot.size; done += abi::kPageSize, ++i)
      __builtin_memcpy(slot.to + done,
                       gnttab::addressOf(granted[slot.page[i]]),
                       partOf(slot.size, done));
  release(slot, isGood);
  return true;
}

void Requests::release(Slot &slot, bool isGood) {
  while (slot.pages)
    free[freeCount++] = slot.page[--slot.pages];
  Transfer &transfer = *slot.transfer;
  slot.transfer = nullptr;
  transfer.isGood &= isGood;
  if (--transfer.pending == 0)
    threads::wakeAll(transfer.waiting);
  threads::wakeAll(room);
}

} // namespace ampoule::blkfront
