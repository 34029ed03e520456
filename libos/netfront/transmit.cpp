// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "libos/netfront/transmit.h"

#include <lwip/pbuf.h>

namespace ampoule::netfront {

using gnttab::kNoPage;

bool Transmitter::connect(gnttab::Domain domain) {
  ringPage = gnttab::take();
  if (ringPage == kNoPage)
    return false;
  peer = domain;
  ring.attach(ringPage);
  gnttab::grant(ringPage, peer, gnttab::Access::ReadWrite);
  firstFree = kNone;
  for (std::uint16_t i = Ring::kSize; i-- > 0;) {
    slots[i] = {kNoPage, firstFree, false};
    firstFree = i;
  }
  return true;
}

void Transmitter::disconnect() {
  for (Slot &slot : slots)
    if (slot.page != kNoPage)
      gnttab::give(slot.page);
  gnttab::give(ringPage);
}

bool Transmitter::prepare(unsigned pages) {
  for (std::uint16_t id = firstFree; pages; --pages, id = slots[id].nextFree) {
    gnttab::Page &page = slots[id].page;
    if (page != kNoPage)
      continue;
    page = gnttab::take();
    if (page == kNoPage)
      return false;
    gnttab::grant(page, peer, gnttab::Access::ReadOnly);
  }
  return true;
}

Transmitter::Result Transmitter::send(const pbuf &frame, std::uint16_t flags,
                                      bool &notify) {
  unsigned pages = (frame.tot_len + abi::kPageSize - 1) / abi::kPageSize;
  if (ring.free() < pages && !reap())
    return Result::BackendLies;
  if (ring.free() < pages || !prepare(pages))
    return Result::Full;
  std::uint16_t done = 0;
  while (done != frame.tot_len) {
    std::uint16_t id = firstFree;
    Slot &slot = slots[id];
    std::uint16_t rest = frame.tot_len - done;
    std::uint16_t size = rest > abi::kPageSize ? abi::kPageSize : rest;
    pbuf_copy_partial(&frame, gnttab::addressOf(slot.page), size, done);
    netif_tx_request_t request = {};
    request.gref = gnttab::referenceOf(slot.page);
    request.id = id;
    // The first has the size of the whole frame.
    request.size = done == 0 ? frame.tot_len : size;
    done += size;
    request.flags = flags;
    if (done != frame.tot_len)
      request.flags |= NETTXF_more_data;
    firstFree = slot.nextFree;
    slot.isSent = true;
    ring.put(request);
    flags = 0;
  }
  notify = ring.push();
  return Result::Sent;
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
