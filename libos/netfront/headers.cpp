// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "libos/netfront/headers.h"

#include <lwip/pbuf.h>
#include <lwip/prot/ethernet.h>
#include <lwip/prot/ip.h>
#include <lwip/prot/tcp.h>

namespace ampoule::netfront {
namespace {

constexpr unsigned kEthernet = SIZEOF_ETH_HDR, kIpv4 = 20, kIpv6 = 40;

// Offsets within the headers.
constexpr unsigned kIpv4Length = 2, kIpv4Id = 4, kIpv4Check = 10,
                   kIpv4Addresses = 12;
constexpr unsigned kIpv6Length = 4, kIpv6Addresses = 8;
constexpr unsigned kTcpSequence = 4, kTcpAck = 8, kTcpFlags = 13, kTcpCheck = 16;

unsigned read16(const std::uint8_t *at) { return unsigned(at[0] << 8 | at[1]); }
std::uint32_t read32(const std::uint8_t *at) {
  return std::uint32_t{read16(at)} << 16 | read16(at + 2);
}
void write16(std::uint8_t *at, unsigned value) {
  at[0] = static_cast<std::uint8_t>(value >> 8);
  at[1] = static_cast<std::uint8_t>(value);
}

/// The ones' complement sum (RFC 1071) of an even number of bytes.
unsigned sum(const std::uint8_t *bytes, unsigned size, std::uint32_t start) {
  for (unsigned i = 0; i < size; i += 2)
    start += read16(bytes + i);
  while (start >> 16)
    start = (start & 0xffff) + (start >> 16);
  return start;
}

bool isEqual(const std::uint8_t *a, const std::uint8_t *b, unsigned from,
             unsigned to) {
  return __builtin_memcmp(a + from, b + from, to - from) == 0;
}

} // namespace

Headers findHeaders(const pbuf &frame) {
  Headers headers;
  auto *bytes = static_cast<const std::uint8_t *>(frame.payload);
  if (frame.len < kEthernet + kIpv4)
    return headers;
  unsigned type = read16(bytes + 12), transport, end;
  const std::uint8_t *ip = bytes + kEthernet;
  if (type == ETHTYPE_IP && ip[9] == IP_PROTO_TCP && ip[0] == 0x45) {
    transport = kEthernet + kIpv4;
    end = kEthernet + read16(ip + kIpv4Length);
  } else if (type == ETHTYPE_IPV6 && frame.len >= kEthernet + kIpv6 &&
             ip[6] == IP_PROTO_TCP) {
    transport = kEthernet + kIpv6;
    end = transport + read16(ip + kIpv6Length);
    headers.isIpv6 = true;
  } else {
    return headers;
  }
  if (transport + TCP_HLEN > frame.len)
    return headers;
  unsigned data = transport + (bytes[transport + 12] >> 4) * 4;
  if (data > frame.len || data > end || end != frame.tot_len)
    return headers;
  headers.transport = static_cast<std::uint16_t>(transport);
  headers.data = static_cast<std::uint16_t>(data);
  headers.dataSize = static_cast<std::uint16_t>(end - data);
  return headers;
}

bool isPushed(const std::uint8_t *frame, const Headers &headers) {
  return frame[headers.transport + kTcpFlags] & TCP_PSH;
}

bool continues(const std::uint8_t *first, const Headers &firstHeaders,
               unsigned soFar, const std::uint8_t *next,
               const Headers &nextHeaders) {
  unsigned transport = firstHeaders.transport, data = firstHeaders.data;
  if (nextHeaders.transport != transport || nextHeaders.data != data ||
      nextHeaders.isIpv6 != firstHeaders.isIpv6 || !nextHeaders.dataSize)
    return false;
  // All but lengths, the packet's number, sums, sequence number and PSH.
  bool isSame =
      firstHeaders.isIpv6
          ? isEqual(first, next, 0, kEthernet + kIpv6Length) &&
                isEqual(first, next, kEthernet + kIpv6Length + 2,
                        transport + kTcpSequence)
          : isEqual(first, next, 0, kEthernet + kIpv4Length) &&
                isEqual(first, next, kEthernet + kIpv4Id + 2,
                        kEthernet + kIpv4Check) &&
                isEqual(first, next, kEthernet + kIpv4Addresses,
                        transport + kTcpSequence);
  std::uint8_t flags = first[transport + kTcpFlags] | TCP_PSH;
  return isSame && flags == (TCP_ACK | TCP_PSH) &&
         flags == (next[transport + kTcpFlags] | TCP_PSH) &&
         isEqual(first, next, transport + kTcpAck, transport + kTcpFlags) &&
         isEqual(first, next, transport + kTcpFlags + 1,
                 transport + kTcpCheck) &&
         isEqual(first, next, transport + TCP_HLEN, data) &&
         read32(next + transport + kTcpSequence) ==
             read32(first + transport + kTcpSequence) + soFar;
}

void finish(std::uint8_t *frame, const Headers &headers, unsigned dataSize,
            bool isPushed) {
  std::uint8_t *ip = frame + kEthernet, *tcp = frame + headers.transport;
  unsigned segment = headers.data - headers.transport + dataSize;
  const std::uint8_t *addresses;
  if (headers.isIpv6) {
    write16(ip + kIpv6Length, segment);
    addresses = ip + kIpv6Addresses;
  } else {
    write16(ip + kIpv4Length, kIpv4 + segment);
    write16(ip + kIpv4Check, 0);
    write16(ip + kIpv4Check, ~sum(ip, kIpv4, 0) & 0xffff);
    addresses = ip + kIpv4Addresses;
  }
  if (isPushed)
    tcp[kTcpFlags] |= TCP_PSH;
  write16(tcp + kTcpCheck,
          sum(addresses, headers.isIpv6 ? 32 : 8, IP_PROTO_TCP + segment));
}

} // namespace ampoule::netfront
