// A network backend is not trusted. Here the program is the backend of its own
// frontend: it answers requests rightly and wrongly, at random. Whatever it
// writes into the rings, frames that came rightly are whole, wrong answers are
// told as such, and no page is lost.
// REQUIRES: xen
// RUN: %cxx -O1 -std=c++23 -w -I%source -D__XEN_INTERFACE_VERSION__=__XEN_LATEST_INTERFACE_VERSION__ -isystem %prefix/guest/xen-include -isystem %prefix/guest/lwip -isystem %source/cmake/guest/lwip -isystem %prefix/third-party/lwip/src/include %s -o %t
// RUN: %ampoule run --quiet --dom0 --pv %t | FileCheck --match-full-lines %s
// RUN: %ampoule run --quiet --dom0 --pvh %t | FileCheck --match-full-lines %s
// CHECK:      frames of 60, 4096, 9000 and 65535 bytes: whole
// CHECK-NEXT: a frame behind extra information: whole
// CHECK-NEXT: an error: dropped
// CHECK-NEXT: an offset beyond the page: dropped
// CHECK-NEXT: more than 65535 bytes: dropped
// CHECK-NEXT: another id: a lie
// CHECK-NEXT: a frame without its end: a lie
// CHECK-NEXT: more responses than requests: a lie
// CHECK-NEXT: sent: whole, the rest of the page zero
// CHECK-NEXT: sent, answered twice: a lie
// CHECK-NEXT: sent, an id that is none: a lie
// CHECK-NEXT: 4480 bytes from 1000, cut to 1460, pushed: right
// CHECK-NEXT: 1460 bytes from 5480, cut to 0, not pushed: right
// CHECK-NEXT: 1460 bytes from 9000, cut to 0, not pushed: right
// CHECK-NEXT: at random: some frames, some drops, some lies, none wrong
// CHECK-NEXT: pages in use: 0, held: 0
#include "libos/netfront/receive.h"
#include "libos/netfront/transmit.h"

#include <lwip/pbuf.h>

#include <cstdio>
#include <cstring>
#include <random>
#include <vector>

using namespace ampoule;
using netfront::Receiver;
using netfront::Transmitter;

static Receiver receiver;
static Transmitter transmitter;
static std::mt19937 rng(1);

static char *pageOf(std::uint32_t reference) {
  return gnttab::addressOf(reference - abi::kReservedGrants);
}

static char pattern(unsigned i) { return static_cast<char>(i * 7 + i / 251); }

/// The other end of the receive ring.
struct Backend {
  Backend() {
    receiver.connect(0);
    ring = reinterpret_cast<netif_rx_sring_t *>(pageOf(receiver.reference()));
  }
  ~Backend() { receiver.disconnect(); }

  netif_rx_request_t next() const { return ring->ring[served % 256].req; }
  unsigned requests() const { return ring->req_prod - served; }
  void answer(unsigned id, unsigned offset, unsigned flags, int status) {
    ring->ring[served++ % 256].rsp = {
        static_cast<std::uint16_t>(id), static_cast<std::uint16_t>(offset),
        static_cast<std::uint16_t>(flags), static_cast<std::int16_t>(status)};
  }
  void extra(bool isMore) {
    netif_extra_info extra = {XEN_NETIF_EXTRA_TYPE_GSO,
                              std::uint8_t(isMore)};
    std::memcpy(&ring->ring[served++ % 256].rsp, &extra, 8);
  }
  void show() { ring->rsp_prod = served; }
  /// One whole frame.
  void frame(unsigned size, bool hasExtra = false) {
    for (unsigned at = 0; at != size;) {
      netif_rx_request_t request = next();
      unsigned part = std::min(size - at, 4096u);
      for (unsigned i = 0; i < part; ++i)
        pageOf(request.gref)[i] = pattern(at + i);
      unsigned flags = at + part == size ? 0 : NETRXF_more_data;
      answer(request.id, 0,
             flags | (hasExtra && at == 0 ? NETRXF_extra_info : 0), part);
      if (hasExtra && at == 0) {
        extra(true);
        extra(false);
      }
      at += part;
    }
    show();
  }

  netif_rx_sring_t *ring;
  std::uint32_t served = 0;
};

static bool isWhole(const pbuf *frame, unsigned size) {
  std::vector<char> bytes(size);
  if (frame->tot_len != size ||
      pbuf_copy_partial(frame, bytes.data(), size, 0) != size)
    return false;
  for (unsigned i = 0; i < size; ++i)
    if (bytes[i] != pattern(i))
      return false;
  return true;
}

static const char *receive(unsigned size = 0) {
  pbuf *frame = nullptr;
  std::uint16_t flags = 0;
  switch (receiver.receive(frame, flags)) {
  case Receiver::Result::Nothing:
    return "nothing";
  case Receiver::Result::Dropped:
    return "dropped";
  case Receiver::Result::BackendLies:
    return "a lie";
  case Receiver::Result::Frame:
    break;
  }
  const char *result = !size || isWhole(frame, size) ? "whole" : "wrong";
  pbuf_free(frame);
  return result;
}

static void testReceiver() {
  {
    Backend backend;
    const char *result = "whole";
    for (unsigned size : {60u, 4096u, 9000u, 65535u}) {
      backend.frame(size);
      if (std::strcmp(receive(size), "whole"))
        result = "wrong";
      receiver.refill();
    }
    std::printf("frames of 60, 4096, 9000 and 65535 bytes: %s\n", result);
    backend.frame(5000, /*hasExtra=*/true);
    std::printf("a frame behind extra information: %s\n", receive(5000));
    backend.answer(backend.next().id, 0, 0, NETIF_RSP_ERROR);
    backend.show();
    std::printf("an error: %s\n", receive());
    backend.answer(backend.next().id, 4000, 0, 97);
    backend.show();
    std::printf("an offset beyond the page: %s\n", receive());
    receiver.refill();
    for (unsigned i = 0; i < 17; ++i)
      backend.answer(backend.next().id, 0, i < 16 ? NETRXF_more_data : 0, 4096);
    backend.show();
    std::printf("more than 65535 bytes: %s\n", receive());
    backend.answer(backend.next().id + 1, 0, 0, 60);
    backend.show();
    std::printf("another id: %s\n", receive());
  }
  {
    Backend backend;
    backend.answer(backend.next().id, 0, NETRXF_more_data, 60);
    backend.show();
    std::printf("a frame without its end: %s\n", receive());
  }
  {
    Backend backend;
    backend.served += backend.requests() + 1;
    backend.show();
    std::printf("more responses than requests: %s\n", receive());
  }
}

static netif_tx_sring_t *connectTransmitter() {
  transmitter.connect(0);
  return reinterpret_cast<netif_tx_sring_t *>(pageOf(transmitter.reference()));
}

static pbuf *makeFrame(unsigned size) {
  pbuf *frame = pbuf_alloc(PBUF_RAW, size, PBUF_RAM);
  for (unsigned i = 0; i < size; ++i)
    static_cast<char *>(frame->payload)[i] = pattern(i);
  return frame;
}

static void send(const pbuf &frame) {
  bool notify = false;
  transmitter.send(frame, notify);
  transmitter.flush(notify);
}

/// A segment of TCP with that much data: 192.0.2.1:1 to 192.0.2.2:2.
static pbuf *makeSegment(unsigned sequence, unsigned size, bool isPushed) {
  static const unsigned char kHeaders[54] = {
      2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0, // Ethernet
      0x45, 0, 0, 0, 0, 1, 0, 0, 64, 6, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2,
      0, 1, 0, 2, 0, 0, 0, 0, 0, 0, 0, 9, 0x50, 0x10, 1, 0, 0, 0, 0, 0};
  pbuf *frame = makeFrame(sizeof(kHeaders) + size);
  auto *bytes = static_cast<unsigned char *>(frame->payload);
  std::memcpy(bytes, kHeaders, sizeof(kHeaders));
  bytes[16] = (40 + size) >> 8;
  bytes[17] = 40 + size;
  for (unsigned i = 0; i < 4; ++i)
    bytes[38 + i] = sequence >> (24 - 8 * i);
  bytes[47] |= isPushed ? 8 : 0;
  for (unsigned i = 0; i < size; ++i)
    bytes[sizeof(kHeaders) + i] = pattern(sequence + i);
  return frame;
}

/// What a request and those behind it show, byte by byte.
static std::vector<unsigned char> shown(netif_tx_sring_t *ring, unsigned &at,
                                        unsigned &segment) {
  std::vector<unsigned char> bytes;
  netif_tx_request_t first = ring->ring[at % 256].req, request = first;
  unsigned left = first.size;
  segment = 0;
  for (bool isFirst = true;; isFirst = false) {
    ++at;
    if (isFirst && first.flags & NETTXF_extra_info) {
      netif_extra_info_t extra;
      std::memcpy(&extra, &ring->ring[at++ % 256].req, sizeof(extra));
      segment = extra.u.gso.size;
    }
    unsigned size = isFirst ? std::min(left, 4096u) : request.size;
    bytes.insert(bytes.end(), pageOf(request.gref),
                 pageOf(request.gref) + size);
    left -= size;
    if (!(request.flags & NETTXF_more_data))
      return bytes;
    request = ring->ring[at % 256].req;
  }
}

/// Segments that follow each other go out as one, others do not.
static void testSegments() {
  netif_tx_sring_t *ring = connectTransmitter();
  transmitter.begin({.checksums = true, .segments = true});
  bool notify = false;
  struct Sent {
    unsigned sequence, size;
    bool isPushed;
  };
  for (Sent sent : {Sent{1000, 1460}, Sent{2460, 1460}, Sent{3920, 1460},
                    Sent{5380, 100, true}, // a short one is the last
                    Sent{5480, 1460},      // one that is pushed is, too
                    Sent{9000, 1460}}) {   // not where the last one ended
    pbuf *frame = makeSegment(sent.sequence, sent.size, sent.isPushed);
    transmitter.send(*frame, notify);
    pbuf_free(frame);
  }
  transmitter.flush(notify);
  for (unsigned at = 0; at != ring->req_prod;) {
    unsigned segment;
    bool isTold = ring->ring[at % 256].req.flags & NETTXF_csum_blank;
    std::vector<unsigned char> bytes = shown(ring, at, segment);
    unsigned sequence = bytes[38] << 24 | bytes[39] << 16 | bytes[40] << 8 |
                        bytes[41];
    unsigned length = bytes[16] << 8 | bytes[17];
    bool isRight = bytes.size() == length + 14 && isTold;
    for (unsigned i = 54; i < bytes.size(); ++i)
      isRight &= bytes[i] == static_cast<unsigned char>(pattern(sequence + i - 54));
    std::printf("%u bytes from %u, cut to %u, %s: %s\n", length - 40, sequence,
                segment, bytes[47] & 8 ? "pushed" : "not pushed",
                isRight ? "right" : "wrong");
  }
  transmitter.disconnect();
}

static void testTransmitter() {
  transmitter.begin({});
  netif_tx_sring_t *ring = connectTransmitter();
  pbuf *frame = makeFrame(1000);
  send(*frame);
  netif_tx_request_t request = ring->ring[0].req;
  bool isRight = ring->req_prod == 1 && request.size == 1000;
  for (unsigned i = 0; i < 4096; ++i)
    isRight &= pageOf(request.gref)[i] == (i < 1000 ? pattern(i) : 0);
  std::printf("sent: %s\n", isRight ? "whole, the rest of the page zero" : "wrong");
  send(*frame);
  ring->ring[0].rsp = ring->ring[1].rsp = {request.id, NETIF_RSP_OKAY};
  ring->rsp_prod = 2;
  std::printf("sent, answered twice: %s\n",
              transmitter.reap() ? "believed" : "a lie");
  transmitter.disconnect();
  ring = connectTransmitter();
  send(*frame);
  ring->ring[0].rsp = {999, NETIF_RSP_OKAY};
  ring->rsp_prod = 1;
  std::printf("sent, an id that is none: %s\n",
              transmitter.reap() ? "believed" : "a lie");
  transmitter.disconnect();
  pbuf_free(frame);
}

static void testAtRandom() {
  unsigned frames = 0, drops = 0, lies = 0, wrong = 0;
  for (unsigned round = 0; round < 300; ++round) {
    Backend backend;
    for (unsigned i = 0; i < 100; ++i) {
      unsigned size = 1 + rng() % 9000, expected = 0;
      switch (rng() % 16) {
      case 0:
        backend.answer(rng() % 300, rng() % 5000, rng() % 8, rng() % 70000);
        break;
      case 1:
        backend.answer(backend.next().id, rng() % 5000, 0,
                       static_cast<std::int16_t>(rng()));
        break;
      case 2:
        backend.answer(backend.next().id, 0, NETRXF_extra_info, 60);
        for (unsigned n = rng() % 3; n-- > 0;)
          backend.extra(rng() % 2);
        break;
      default:
        backend.frame(expected = size, rng() % 4 == 0);
      }
      backend.show();
      const char *result = receive(expected);
      frames += !std::strcmp(result, "whole");
      drops += !std::strcmp(result, "dropped");
      wrong += !std::strcmp(result, "wrong");
      if (!std::strcmp(result, "a lie")) {
        ++lies;
        break;
      }
      // What else is there belongs to the one before.
      while (std::strcmp(result = receive(), "nothing") &&
             std::strcmp(result, "a lie"))
        ;
      if (!std::strcmp(result, "a lie"))
        break;
      receiver.refill();
    }
  }
  std::printf("at random: %s frames, %s drops, %s lies, %s wrong\n",
              frames ? "some" : "no", drops ? "some" : "no",
              lies ? "some" : "no", wrong ? "some" : "none");
}

int main() {
  testReceiver();
  testTransmitter();
  testSegments();
  testAtRandom();
  gnttab::Usage usage = gnttab::usage();
  std::printf("pages in use: %u, held: %u\n", usage.taken, usage.held);
}
