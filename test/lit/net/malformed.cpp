// Frames that no good neighbour sends: 24 families of them, each also with random
// bytes changed, go into the stack as a driver would hand them over. Nothing
// crashes, nothing is kept, and a good client is served afterwards.
// REQUIRES: direct
// RUN: %cxx -O1 -w -I%source -isystem %prefix/guest/lwip -isystem %source/cmake/guest/lwip -isystem %prefix/third-party/lwip/src/include -std=c++23 %s -o %t
// RUN: %direct %t | FileCheck --match-full-lines %s
// CHECK:      24 families, 24000 frames
// CHECK-NEXT: no page is lost
// CHECK-NEXT: a client: SYN ACK, then "ping" arrives
#include "libos/memory/memory.h"
#include "libos/net/net.h"
#include "libos/threads/call.h"

#include <lwip/etharp.h>
#include <lwip/ethip6.h>
#include <lwip/ip4_frag.h>
#include <lwip/ip6_frag.h>
#include <lwip/mld6.h>
#include <lwip/nd6.h>
#include <lwip/netif.h>
#include <lwip/priv/tcp_priv.h>
#include <netif/ethernet.h>

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <functional>
#include <random>
#include <string>
#include <vector>

using namespace ampoule;
using Bytes = std::vector<unsigned char>;

static std::mt19937 rng(7);
static netif device;
static Bytes lastSent;

// Frames ------------------------------------------------------------------

static void put(Bytes &out, std::initializer_list<unsigned> bytes) {
  for (unsigned byte : bytes)
    out.push_back(static_cast<unsigned char>(byte));
}
static void put16(Bytes &out, unsigned value) {
  put(out, {value >> 8, value & 255});
}
static void put32(Bytes &out, unsigned value) {
  put16(out, value >> 16);
  put16(out, value & 0xffff);
}
static Bytes operator+(Bytes a, const Bytes &b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

static unsigned sum(const Bytes &bytes, unsigned start = 0) {
  unsigned total = start;
  for (std::size_t i = 0; i < bytes.size(); ++i)
    total += bytes[i] << (i % 2 ? 0 : 8);
  while (total >> 16)
    total = (total & 0xffff) + (total >> 16);
  return total;
}

static Bytes ethernet(unsigned type, const Bytes &payload) {
  Bytes frame;
  put(frame, {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2});
  put16(frame, type);
  return frame + payload;
}

constexpr unsigned kUs = 0xc0000201, kPeer = 0xc0000202; // 192.0.2.1 and .2

struct Ip {
  unsigned version = 4, headerWords = 5, length = ~0u, id = 1, fragment = 0,
           ttl = 64, source = kPeer, destination = kUs;
  Bytes options;
  bool isSumWrong = false;
};

static Bytes ip(unsigned protocol, const Bytes &payload, Ip is = {}) {
  Bytes header;
  put(header, {is.version << 4 | is.headerWords, 0});
  put16(header, is.length != ~0u ? is.length
                                 : 20 + is.options.size() + payload.size());
  put16(header, is.id);
  put16(header, is.fragment);
  put(header, {is.ttl, protocol});
  put16(header, 0);
  put32(header, is.source);
  put32(header, is.destination);
  header = header + is.options;
  unsigned check = ~sum(header) & 0xffff;
  header[10] = check >> 8;
  header[11] = check ^ is.isSumWrong;
  return ethernet(0x0800, header + payload);
}

static unsigned pseudo(unsigned protocol, unsigned size) {
  Bytes bytes;
  put32(bytes, kPeer);
  put32(bytes, kUs);
  put16(bytes, protocol);
  put16(bytes, size);
  return sum(bytes);
}

struct Tcp {
  unsigned from = 40000, to = 7, sequence = 1000, ack = 0, words = 5, flags = 2,
           window = 1024, urgent = 0;
  Bytes options;
};

static Bytes tcp(Tcp is, const Bytes &data = {}, Ip ipIs = {}) {
  Bytes segment;
  put16(segment, is.from);
  put16(segment, is.to);
  put32(segment, is.sequence);
  put32(segment, is.ack);
  put(segment, {(is.words + unsigned(is.options.size()) / 4) << 4, is.flags});
  put16(segment, is.window);
  put16(segment, 0);
  put16(segment, is.urgent);
  segment = segment + is.options + data;
  unsigned check = ~sum(segment, pseudo(6, segment.size())) & 0xffff;
  segment[16] = check >> 8;
  segment[17] = check;
  return ip(6, segment, ipIs);
}

static Bytes udp(unsigned length, const Bytes &data, Ip is = {}) {
  Bytes datagram;
  put16(datagram, 40000);
  put16(datagram, 7);
  put16(datagram, length);
  put16(datagram, 0); // no sum
  return ip(17, datagram + data, is);
}

static Bytes icmp(unsigned type, unsigned code, const Bytes &rest, Ip is = {}) {
  Bytes message;
  put(message, {type, code, 0, 0});
  message = message + rest;
  unsigned check = ~sum(message) & 0xffff;
  message[2] = check >> 8;
  message[3] = check;
  return ip(1, message, is);
}

static Bytes ip6(unsigned next, const Bytes &payload, unsigned length = ~0u) {
  Bytes packet;
  put32(packet, 0x60000000);
  put16(packet, length == ~0u ? payload.size() : length);
  put(packet, {next, 255});
  for (unsigned last : {2, 1})
    put(packet, {0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xfe, 0, 0, last});
  return ethernet(0x86dd, packet + payload);
}

static Bytes arp(unsigned hardware, unsigned sizes, unsigned operation) {
  Bytes packet;
  put16(packet, hardware);
  put16(packet, 0x0800);
  put16(packet, sizes);
  put16(packet, operation);
  put(packet, {2, 0, 0, 0, 0, 2});
  put32(packet, kPeer);
  put(packet, {2, 0, 0, 0, 0, 1});
  put32(packet, kUs);
  return ethernet(0x0806, packet);
}

static unsigned some(unsigned most) { return rng() % most; }
static Bytes noise(unsigned size) {
  Bytes bytes(size);
  for (unsigned char &byte : bytes)
    byte = rng();
  return bytes;
}

static const std::vector<std::function<Bytes()>> kFamilies = {
    // Lengths that are not true.
    [] { return noise(some(60)); },
    [] { return ethernet(some(65536), noise(some(100))); },
    [] { return ip(some(256), noise(20), {.length = some(2000)}); },
    [] { return ip(6, noise(20), {.headerWords = some(16)}); },
    [] { return ip(17, noise(20), {.version = some(16)}); },
    [] { return ip(6, noise(40), {.isSumWrong = true}); },
    [] { return udp(some(2000), noise(some(200))); },
    // Fragments: overlapping, beyond 64 KiB, without a first or last.
    [] {
      return ip(17, noise(8 * (1 + some(180))),
                {.id = some(4), .fragment = some(8192) | some(2) << 13});
    },
    [] {
      return ip(17, noise(some(100)),
                {.id = 9, .fragment = 0x2000 | some(4)});
    },
    [] { return icmp(8, 0, noise(1400), {.fragment = 0x1fff}); },
    // Addresses that no packet has.
    [] { return tcp({}, {}, {.source = kUs}); }, // "land"
    [] { return tcp({}, {}, {.source = 0xffffffff}); },
    [] { return udp(108, noise(100), {.source = 0xe0000001}); },
    // Options of IP: source routes, lengths of zero.
    [] {
      Bytes options = {131, static_cast<unsigned char>(some(40)), 4, 0};
      return ip(6, noise(40), {.headerWords = 6, .options = options});
    },
    // TCP: flags that exclude each other, offsets, options, sequence numbers.
    [] { return tcp({.flags = some(256)}, noise(some(100))); },
    [] { return tcp({.words = some(16)}, noise(some(60))); },
    [] {
      Bytes options = {2, static_cast<unsigned char>(some(8)),
                       static_cast<unsigned char>(some(256)), 0,
                       3, static_cast<unsigned char>(some(4)), 255, 0,
                       5, 0, 0, 0};
      return tcp({.options = options});
    },
    [] {
      return tcp({.sequence = unsigned(rng()), .ack = unsigned(rng()),
                  .flags = 0x38, .window = 0, .urgent = 65535},
                 noise(some(1400)));
    },
    [] { return tcp({.from = 1000 + some(60000)}); }, // many half-open ones
    // ICMP about packets that were never sent.
    [] { return icmp(3, some(16), noise(4 + some(60))); },
    [] { return icmp(some(256), some(256), noise(some(100))); },
    // ARP with other sizes and types.
    [] {
      return arp(some(3), some(2) ? 0x0604 : some(65536), some(4));
    },
    // IPv6: chains of extension headers, fragments, neighbours' options.
    [] {
      unsigned char next[] = {0, 43, 44, 60, 58, 6, 17, 59};
      Bytes chain;
      for (unsigned i = some(20); i-- > 0;)
        put(chain, {next[some(8)], some(3), 1, some(6), 0, 0, 0, 0});
      return ip6(next[some(8)], chain + noise(some(40)));
    },
    [] {
      Bytes message;
      put(message, {133 + some(11), 0, 0, 0});
      message = message + noise(20);
      put(message, {1 + some(5), some(4), 0, 0, 0, 0, 0, 0});
      return ip6(58, message, some(2) ? ~0u : some(1000));
    },
};

// The device -----------------------------------------------------------------

static void addDevice() {
  ip4_addr_t address, mask, gateway;
  IP4_ADDR(&address, 192, 0, 2, 1);
  IP4_ADDR(&mask, 255, 255, 255, 0);
  IP4_ADDR(&gateway, 0, 0, 0, 0);
  threads::beginCall();
  netif_add(
      &device, &address, &mask, &gateway, nullptr,
      [](netif *added) -> err_t {
        added->name[0] = 't';
        added->name[1] = 'e';
        added->hwaddr_len = 6;
        std::memcpy(added->hwaddr, "\2\0\0\0\0\1", 6);
        added->mtu = 1500;
        added->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP |
                       NETIF_FLAG_ETHERNET | NETIF_FLAG_LINK_UP;
        added->output = etharp_output;
        added->output_ip6 = ethip6_output;
        added->linkoutput = [](netif *, pbuf *frame) -> err_t {
          lastSent.resize(frame->tot_len);
          pbuf_copy_partial(frame, lastSent.data(), frame->tot_len, 0);
          return ERR_OK;
        };
        return ERR_OK;
      },
      ethernet_input);
  netif_create_ip6_linklocal_address(&device, 1);
  netif_ip6_addr_set_state(&device, 0, IP6_ADDR_PREFERRED);
  netif_set_up(&device);
  threads::endCall();
}

static void receive(const Bytes &bytes) {
  threads::beginCall();
  if (pbuf *frame = pbuf_alloc(PBUF_RAW, bytes.size(), PBUF_RAM)) {
    if (!bytes.empty())
      pbuf_take(frame, bytes.data(), bytes.size());
    if (device.input(frame, &device) != ERR_OK)
      pbuf_free(frame);
  }
  net::settle();
  threads::endCall();
}

/// As if two minutes had gone by.
static void wait() {
  threads::beginCall();
  for (unsigned i = 0; i < 600; ++i) {
    tcp_tmr();
    if (i % 4 == 0) {
      ip_reass_tmr();
      ip6_reass_tmr();
      nd6_tmr();
      etharp_tmr();
    }
  }
  net::settle();
  threads::endCall();
}

static void serve(int server) {
  int client;
  while ((client = accept4(server, nullptr, nullptr, SOCK_NONBLOCK)) >= 0)
    close(client);
}

/// Each family, and each also with a few bytes changed.
static unsigned runFamilies(int server) {
  unsigned frames = 0;
  rng.seed(7);
  for (const auto &family : kFamilies) {
    for (unsigned i = 0; i < 500; ++i) {
      Bytes frame = family();
      receive(frame);
      for (unsigned n = 1 + some(4); n-- > 0 && frame.size() > 14;)
        frame[14 + some(frame.size() - 14)] = rng();
      receive(frame);
      frames += 2;
    }
    serve(server);
  }
  wait();
  serve(server);
  return frames;
}

int main() {
  int server = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(7);
  bind(server, reinterpret_cast<sockaddr *>(&address), sizeof(address));
  listen(server, 64);
  int server6 = socket(AF_INET6, SOCK_STREAM, 0);
  close(server6);
  addDevice();

  runFamilies(server); // what is allocated once
  std::size_t before = memory::usage().free;
  unsigned frames = runFamilies(server);
  std::printf("%zu families, %u frames\n", kFamilies.size(), frames);
  std::printf(memory::usage().free == before ? "no page is lost\n"
                                             : "%ld pages are lost\n",
              long(before - memory::usage().free));

  receive(arp(1, 0x0604, 2));
  receive(tcp({.from = 5000, .sequence = 100}));
  const unsigned char *segment = lastSent.data() + 34;
  bool isSynAck = lastSent.size() >= 54 && segment[13] == 0x12;
  unsigned sequence =
      segment[4] << 24 | segment[5] << 16 | segment[6] << 8 | segment[7];
  receive(tcp({.from = 5000, .sequence = 101, .ack = sequence + 1,
               .flags = 0x18}, {'p', 'i', 'n', 'g'}));
  char got[8] = "";
  int client = accept(server, nullptr, nullptr);
  read(client, got, sizeof(got) - 1);
  std::printf("a client: %s, then \"%s\" arrives\n",
              isSynAck ? "SYN ACK" : "no answer", got);
}
