// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "libos/netfront/transmit.h"

#include <lwip/pbuf.h>

namespace ampoule::netfront {

using gnttab::kNoPage;

bool Transmitter::connect(gnttab::Domain domain) {
  if (!ring.open(domain))
    return false;
  peer = domain;
  firstFree = kNone;
  for (std::uint16_t i = Ring::kSize; i-- > 0;) {
    slots[i] = {kNoPage, firstFree, false};
    firstFree = i;
  }
  waitingSlots = waitingSize = 0;
  return true;
}

void Transmitter::disconnect() {
  for (Slot &slot : slots)
    if (slot.page != kNoPage)
      gnttab::give(slot.page);
  ring.close();
}

char *Transmitter::firstPage() const {
  return gnttab::addressOf(slots[waiting[0]].page);
}

/// Takes slots, with their pages, for that many more bytes of the waiting frame.
bool Transmitter::makeRoom(unsigned size, bool &lies) {
  unsigned wanted = (waitingSize + size + abi::kPageSize - 1) / abi::kPageSize;
  // One for extra information.
  unsigned needed = wanted - waitingSlots + 1;
  auto free = [&] { return ring.free() - waitingSlots; };
  if (wanted >= kMostSlots)
    return false;
  if (free() < needed && !reap())
    lies = true;
  if (lies || free() < needed)
    return false;
  unsigned before = waitingSlots;
  while (waitingSlots != wanted) {
    std::uint16_t id = firstFree;
    gnttab::Page &page = slots[id].page;
    if (page == kNoPage) {
      page = gnttab::take();
      if (page == kNoPage)
        break;
      gnttab::grant(page, peer, gnttab::Access::ReadOnly);
    }
    firstFree = slots[id].nextFree;
    waiting[waitingSlots++] = id;
  }
  if (waitingSlots == wanted)
    return true;
  while (waitingSlots != before) {
    std::uint16_t id = waiting[--waitingSlots];
    slots[id].nextFree = firstFree;
    firstFree = id;
  }
  return false;
}

/// Puts the rest of `frame` behind what waits.
void Transmitter::copy(const pbuf &frame, unsigned from) {
  while (from != frame.tot_len) {
    unsigned offset = waitingSize % abi::kPageSize;
    char *page =
        gnttab::addressOf(slots[waiting[waitingSize / abi::kPageSize]].page);
    unsigned room = abi::kPageSize - offset, rest = frame.tot_len - from;
    unsigned size = rest < room ? rest : room;
    pbuf_copy_partial(&frame, page + offset, static_cast<std::uint16_t>(size),
                      static_cast<std::uint16_t>(from));
    from += size;
    waitingSize += size;
  }
}

Transmitter::Result Transmitter::send(const pbuf &frame, bool &notify) {
  constexpr unsigned kMostBytes = 0xffff;
  auto *bytes = static_cast<const std::uint8_t *>(frame.payload);
  Headers next = offload.checksums ? findHeaders(frame) : Headers();
  bool lies = false;
  bool isCut = next.isIpv6 ? offload.segmentsIpv6 : offload.segments;
  // Only whole segments can be followed.
  if (waitingSlots && next.transport && isCut &&
      dataSize % headers.dataSize == 0 && next.dataSize <= headers.dataSize &&
      !pushed && waitingSize + next.dataSize <= kMostBytes &&
      continues(reinterpret_cast<std::uint8_t *>(firstPage()), headers, dataSize,
                bytes, next) &&
      makeRoom(next.dataSize, lies)) {
    copy(frame, next.data);
    dataSize += next.dataSize;
    pushed = isPushed(bytes, next);
    return Result::Sent;
  }
  flush(notify);
  if (!makeRoom(frame.tot_len, lies))
    return lies ? Result::BackendLies : Result::Full;
  copy(frame, 0);
  headers = next;
  dataSize = next.dataSize;
  pushed = next.transport && isPushed(bytes, next);
  // What carries no data is not followed.
  if (!next.dataSize)
    flush(notify);
  return Result::Sent;
}

void Transmitter::flush(bool &notify) {
  if (!waitingSlots)
    return;
  std::uint16_t flags = 0;
  bool isLong = headers.transport && dataSize > headers.dataSize;
  if (headers.transport) {
    finish(reinterpret_cast<std::uint8_t *>(firstPage()), headers, dataSize,
           pushed);
    flags = NETTXF_csum_blank | NETTXF_data_validated;
  }
  if (isLong)
    flags |= NETTXF_extra_info;
  for (unsigned i = 0; i != waitingSlots; ++i) {
    std::uint16_t id = waiting[i];
    unsigned rest = waitingSize - i * abi::kPageSize;
    netif_tx_request_t request = {};
    request.gref = gnttab::referenceOf(slots[id].page);
    request.id = id;
    // The first has the size of the whole frame.
    request.size = static_cast<std::uint16_t>(
        i == 0 || rest < abi::kPageSize ? rest : abi::kPageSize);
    request.flags = i + 1 == waitingSlots ? flags : flags | NETTXF_more_data;
    slots[id].isSent = true;
    ring.put(request);
    if (flags & NETTXF_extra_info) {
      netif_tx_request_t raw = {};
      netif_extra_info_t extra = {};
      extra.type = XEN_NETIF_EXTRA_TYPE_GSO;
      extra.u.gso.size = headers.dataSize;
      extra.u.gso.type = headers.isIpv6 ? XEN_NETIF_GSO_TYPE_TCPV6
                                        : XEN_NETIF_GSO_TYPE_TCPV4;
      static_assert(sizeof(extra) <= sizeof(raw));
      __builtin_memcpy(&raw, &extra, sizeof(extra));
      ring.put(raw);
    }
    flags = 0;
  }
  waitingSlots = waitingSize = 0;
  notify |= ring.push();
}

bool Transmitter::give(std::uint16_t id) {
  if (id >= Ring::kSize || !slots[id].isSent)
    return false;
  slots[id].isSent = false;
  slots[id].nextFree = firstFree;
  firstFree = id;
  return true;
}

bool Transmitter::reap() {
  int available = ring.available();
  if (available < 0)
    return false;
  while (available-- > 0) {
    netif_tx_response_t response = ring.take();
    if (response.status != NETIF_RSP_NULL && !give(response.id))
      return false;
  }
  return true;
}

} // namespace ampoule::netfront
