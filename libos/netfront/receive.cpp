// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "libos/netfront/receive.h"

#include "libos/memory/objects.h"

#include <lwip/pbuf.h>

#include <utility>

namespace ampoule::netfront {

using gnttab::kNoPage;

struct Receiver::Buffer {
  pbuf_custom packet; ///< first: lwIP hands it back
  Receiver *receiver;
  Buffer *next; ///< among the free ones
  gnttab::Page page;
  unsigned generation; ///< of the connection that it was made for
};

bool Receiver::connect(gnttab::Domain domain) {
  if (!ring.open(domain))
    return false;
  peer = domain;
  refill();
  if (ring.outstanding() >= kFewPosted)
    return true;
  disconnect();
  return false;
}

void Receiver::disconnect() {
  ++generation; // buffers in packets are dropped when they come back
  for (Buffer *&buffer : posted)
    if (buffer) {
      drop(*buffer);
      buffer = nullptr;
    }
  while (Buffer *buffer = firstFree) {
    firstFree = buffer->next;
    drop(*buffer);
  }
  buffers = 0;
  ring.close();
}

void Receiver::drop(Buffer &buffer) {
  gnttab::give(buffer.page);
  memory::destroy(&buffer);
}

Receiver::Buffer *Receiver::newBuffer() {
  if (buffers == kMostBuffers)
    return nullptr;
  gnttab::Page page = gnttab::take();
  if (page == kNoPage)
    return nullptr;
  auto *buffer = memory::make<Buffer>();
  if (!buffer) {
    gnttab::give(page);
    return nullptr;
  }
  ++buffers;
  buffer->page = page;
  buffer->receiver = this;
  buffer->generation = generation;
  buffer->packet.custom_free_function = [](pbuf *packet) {
    auto *buffer = reinterpret_cast<Buffer *>(packet);
    buffer->receiver->giveBack(*buffer);
  };
  return buffer;
}

void Receiver::giveBack(Buffer &buffer) {
  if (buffer.generation != generation)
    return drop(buffer);
  buffer.next = firstFree;
  firstFree = &buffer;
}

bool Receiver::refill() {
  unsigned before = ring.outstanding();
  while (ring.free()) {
    Buffer *buffer = firstFree;
    if (buffer)
      firstFree = buffer->next;
    else if (!(buffer = newBuffer()))
      break;
    unsigned slot = ring.nextSlot();
    posted[slot] = buffer;
    netif_rx_request_t request = {};
    request.id = static_cast<std::uint16_t>(slot);
    request.gref =
        gnttab::grant(buffer->page, peer, gnttab::Access::ReadWrite);
    ring.put(request);
  }
  return ring.outstanding() != before && ring.push();
}

Receiver::Buffer *Receiver::retrieve(unsigned slot) {
  Buffer *buffer = std::exchange(posted[slot], nullptr);
  if (gnttab::end(buffer->page))
    return buffer;
  --buffers;
  drop(*buffer); // the page is kept aside, and nobody looks at it
  return nullptr;
}

pbuf *Receiver::toPacket(Buffer &buffer, unsigned offset, unsigned size) {
  constexpr unsigned kShort = 256;
  char *data = gnttab::addressOf(buffer.page) + offset;
  if (size > kShort && ring.outstanding() >= kFewPosted)
    return pbuf_alloced_custom(
        PBUF_RAW, static_cast<std::uint16_t>(size), PBUF_REF, &buffer.packet,
        data, static_cast<std::uint16_t>(abi::kPageSize - offset));
  pbuf *copy = pbuf_alloc(PBUF_RAW, static_cast<std::uint16_t>(size), PBUF_RAM);
  if (copy)
    pbuf_take(copy, data, static_cast<std::uint16_t>(size));
  giveBack(buffer);
  return copy;
}

bool Receiver::append(pbuf *&frame, Buffer &buffer,
                      const netif_rx_response_t &response) {
  constexpr unsigned kMostBytes = 0xffff;
  unsigned before = frame ? frame->tot_len : 0;
  if (response.status < 0 ||
      response.offset + unsigned(response.status) > abi::kPageSize ||
      before + unsigned(response.status) > kMostBytes) {
    giveBack(buffer);
    return false;
  }
  pbuf *part = toPacket(buffer, response.offset, unsigned(response.status));
  if (!part)
    return false;
  if (frame)
    pbuf_cat(frame, part);
  else
    frame = part;
  return true;
}

/// Extra information takes the place of responses; the pages there were not
/// used. What it says (the size of segments that were joined) is of no use.
bool Receiver::skipExtra(int &available) {
  for (bool isMore = true; isMore;) {
    if (available-- == 0)
      return false;
    unsigned slot = ring.responseSlot();
    auto extra = __builtin_bit_cast(netif_extra_info_t, ring.take());
    isMore = extra.flags & XEN_NETIF_EXTRA_FLAG_MORE;
    if (Buffer *unused = retrieve(slot))
      giveBack(*unused);
  }
  return true;
}

/// The responses of a frame follow each other and are shown together: the
/// first, then extra information, then the rest.
Receiver::Result Receiver::receive(pbuf *&frame, std::uint16_t &flags) {
  int available = ring.available();
  if (available <= 0)
    return available < 0 ? Result::BackendLies : Result::Nothing;
  frame = nullptr;
  bool isGood = true, isSane = true, isFirst = true, isMore = true;
  while (isSane && isMore) {
    unsigned slot = ring.responseSlot();
    netif_rx_response_t response = ring.take();
    isSane = response.id == slot;
    Buffer *buffer = retrieve(slot);
    isGood = buffer && append(frame, *buffer, response) && isGood;
    if (isFirst) {
      flags = response.flags;
      --available;
      if (flags & NETRXF_extra_info)
        isSane &= skipExtra(available);
      isFirst = false;
    }
    isMore = response.flags & NETRXF_more_data;
    isSane &= !isMore || available-- > 0;
  }
  if (isGood && isSane)
    return Result::Frame;
  if (frame)
    pbuf_free(frame);
  return isSane ? Result::Dropped : Result::BackendLies;
}

} // namespace ampoule::netfront
