// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A protocol control block of lwIP, and the datagrams that came for it. What
// does not fit into the receive buffer is lost, as on any way.
#include "libos/posix/udp.h"

#include "libos/memory/objects.h"
#include "libos/net/net.h"

#include <lwip/netif.h>

using namespace ampoule;
using namespace ampoule::posix;

struct UdpSocket::Datagram {
  Datagram *next;
  pbuf *data;
  Endpoint from;
  ip_addr_t to;
  std::uint8_t interface;
};

Socket *posix::makeUdpSocket(Family family) {
  udp_pcb *block = udp_new_ip_type(family == Family::Inet ? IPADDR_TYPE_V4
                                                          : IPADDR_TYPE_ANY);
  auto *socket = block ? memory::make<UdpSocket>(family, block) : nullptr;
  if (block && !socket)
    udp_remove(block);
  return socket;
}

UdpSocket::UdpSocket(Family family, udp_pcb *block)
    : InetSocket(family, SocketType::Datagram, kUdp), pcb(block) {
  udp_recv(
      pcb,
      [](void *socket, udp_pcb *, pbuf *data, const ip_addr_t *from,
         std::uint16_t port) {
        static_cast<UdpSocket *>(socket)->onData(data, {*from, port});
      },
      this);
  udp_set_multicast_ttl(pcb, 1);
  pcb->flags |= UDP_FLAGS_MULTICAST_LOOP;
  apply();
}

void UdpSocket::onData(pbuf *data, const Endpoint &from) {
  // What a datagram takes beside its data counts, too: empty ones are no way
  // to fill the memory.
  std::size_t size = data->tot_len + sizeof(Datagram) + sizeof(pbuf);
  auto *datagram = received + size > receiveRoom || isReadShut
                       ? nullptr
                       : memory::make<Datagram>(Datagram{
                             nullptr, data, from, *ip_current_dest_addr(),
                             netif_get_index(ip_current_input_netif())});
  if (!datagram) {
    pbuf_free(data);
    return;
  }
  (last ? last->next : first) = datagram;
  last = datagram;
  received += size;
  changed();
}

void UdpSocket::dropFirst() {
  Datagram *datagram = first;
  first = datagram->next;
  if (!first)
    last = nullptr;
  received -= datagram->data->tot_len + sizeof(Datagram) + sizeof(pbuf);
  pbuf_free(datagram->data);
  memory::destroy(datagram);
}

long UdpSocket::bind(const SocketName &name) {
  Endpoint endpoint;
  if (long failed = endpointOf(name, family, endpoint))
    return failed;
  if (isBound)
    return -kInvalid;
  if (!isOurs(endpoint.address))
    return -kNoAddress;
  bool isAny = ip_addr_isany_val(endpoint.address);
  if (isAny && family == Family::Inet6)
    endpoint.address = anyAddress();
  if (err_t failed = udp_bind(pcb, &endpoint.address, endpoint.port))
    return errnoOf(failed);
  isBound = true;
  hadAddress = !isAny;
  return 0;
}

long UdpSocket::connect(const SocketName &name) {
  if (name.family() == Family::Unspecified) {
    udp_disconnect(pcb);
    if (!hadAddress)
      pcb->local_ip = anyAddress();
    isConnected = false;
    return 0;
  }
  Endpoint to;
  if (long failed = endpointOf(name, family, to))
    return failed;
  if (ip_addr_isany_val(to.address))
    to.address = loopback(to.address);
  ip_addr_t from = pcb->local_ip;
  if (!hadAddress)
    from = IP_IS_V6_VAL(to.address) ? *IP6_ADDR_ANY : *IP4_ADDR_ANY;
  else if (IP_GET_TYPE(&from) != IP_GET_TYPE(&to.address))
    return -kNetworkUnreachable;
  struct netif *netif = ip_route(&from, &to.address);
  const ip_addr_t *source =
      netif ? ip_netif_get_local_ip(netif, &to.address) : nullptr;
  if (!source)
    return -kNetworkUnreachable;
  if (!isBound) {
    ip_addr_t any = anyAddress();
    if (err_t failed = udp_bind(pcb, &any, 0))
      return errnoOf(failed);
    isBound = true;
  }
  if (err_t failed = udp_connect(pcb, &to.address, to.port))
    return errnoOf(failed);
  // As Linux: the socket's address is now the one that it sends from.
  if (!hadAddress)
    pcb->local_ip = *source;
  isConnected = true;
  return 0;
}

long UdpSocket::sendTo(const Message &message, const Endpoint *to) {
  constexpr std::size_t kMost = 65507; // RFC 768: 65535 with both headers
  std::size_t size = message.size();
  if (size > kMost)
    return -kMessageTooLong;
  pbuf *data =
      pbuf_alloc(PBUF_TRANSPORT, static_cast<std::uint16_t>(size), PBUF_RAM);
  if (!data)
    return -kNoBuffers;
  auto *at = static_cast<char *>(data->payload);
  for (std::size_t i = 0; i != message.count; ++i) {
    __builtin_memcpy(at, message.segments[i].base, message.segments[i].size);
    at += message.segments[i].size;
  }
  err_t failed =
      to ? udp_sendto(pcb, data, &to->address, to->port) : udp_send(pcb, data);
  pbuf_free(data);
  isBound = true;
  net::settle();
  // A broadcast that is not allowed (ip_addr(7)).
  if (failed == ERR_VAL && to && isBroadcast(to->address))
    return -kAccess;
  return failed ? errnoOf(failed) : static_cast<long>(size);
}

long UdpSocket::send(const Message &message, std::uint32_t flags) {
  if (flags & kUrgent)
    return -kNotSupported;
  if (isWriteShut)
    return brokenPipe(flags);
  if (error)
    return takeError();
  if (!message.name || !message.nameLength)
    return isConnected ? sendTo(message, nullptr) : -kNoDestination;
  SocketName name;
  if (message.nameLength > SocketName::kLongest)
    return -kInvalid;
  __builtin_memcpy(name.bytes, message.name, message.nameLength);
  name.length = message.nameLength;
  Endpoint to;
  if (long failed = endpointOf(name, family, to))
    return failed;
  if (!to.port)
    return -kInvalid;
  if (ip_addr_isany_val(to.address))
    to.address = loopback(to.address);
  return sendTo(message, &to);
}

long UdpSocket::receive(Message &message, std::uint32_t flags) {
  if (flags & kUrgent)
    return -kInvalid;
  if (long failed = waitUntil([&] { return first || isReadShut || error; },
                              flags, receiveTimeout))
    return failed;
  if (error)
    return takeError();
  if (!first) {
    message.nameLength = 0;
    message.controlLength = 0;
    return 0;
  }
  const Datagram &datagram = *first;
  std::size_t size = datagram.data->tot_len, done = 0;
  for (std::size_t i = 0; i != message.count && done != size; ++i) {
    const Segment &segment = message.segments[i];
    std::size_t count = size - done < segment.size ? size - done : segment.size;
    done += pbuf_copy_partial(datagram.data, segment.base,
                              static_cast<std::uint16_t>(count),
                              static_cast<std::uint16_t>(done));
  }
  if (message.name) {
    SocketName name;
    nameOf(datagram.from, family, name);
    __builtin_memcpy(message.name, name.bytes,
                     name.length < message.nameLength ? name.length
                                                      : message.nameLength);
    message.nameLength = name.length;
  }
  describe(datagram, message);
  if (done != size)
    message.flags |= kTruncated;
  if (!(flags & kPeek))
    dropFirst();
  return static_cast<long>(flags & kTruncated ? size : done);
}

void UdpSocket::describe(const Datagram &datagram, Message &message) const {
  struct Header { // struct cmsghdr
    std::size_t length;
    std::int32_t level, type;
  };
  constexpr std::int32_t kIpLevel = 0, kIp6Level = 41, kInfo = 8, kInfo6 = 50;
  if (!tellsDestination) {
    message.controlLength = 0;
    return;
  }
  struct {
    Header header;
    std::uint32_t words[6];
  } record = {};
  std::size_t size;
  if (family == Family::Inet) { // struct in_pktinfo
    size = sizeof(Header) + 3 * sizeof(std::uint32_t);
    record.header = {size, kIpLevel, kInfo};
    record.words[0] = datagram.interface;
    record.words[1] = record.words[2] = ip_2_ip4(&datagram.to)->addr;
  } else { // struct in6_pktinfo
    constexpr std::uint32_t kMapped = 0xffff0000;
    size = sizeof(Header) + 5 * sizeof(std::uint32_t);
    record.header = {size, kIp6Level, kInfo6};
    if (IP_IS_V6_VAL(datagram.to)) {
      __builtin_memcpy(record.words, ip_2_ip6(&datagram.to)->addr, 16);
    } else {
      record.words[2] = kMapped;
      record.words[3] = ip_2_ip4(&datagram.to)->addr;
    }
    record.words[4] = datagram.interface;
  }
  if (message.controlLength < size) {
    message.controlLength = 0;
    message.flags |= kControlTruncated;
    return;
  }
  __builtin_memcpy(message.control, &record, size);
  std::size_t aligned = (size + 7) & ~std::size_t{7};
  message.controlLength =
      message.controlLength < aligned ? message.controlLength : aligned;
}

long UdpSocket::shutDown(std::uint32_t how) {
  if (!isConnected)
    return -kNotConnected;
  isReadShut |= (how & kShutRead) != 0;
  isWriteShut |= (how & kShutWrite) != 0;
  changed();
  return 0;
}

void UdpSocket::release() {
  leaveAll();
  udp_remove(pcb);
  while (first)
    dropFirst();
  memory::destroy(this);
}

void UdpSocket::apply() { applyTo(reinterpret_cast<ip_pcb *>(pcb)); }

std::uint32_t UdpSocket::readiness() {
  return kWritable | (first || isReadShut || error ? kReadable : 0u) |
         (error ? kErrorCondition : 0u) | (isReadShut ? kReadHangUp : 0u) |
         (isReadShut && isWriteShut ? kHangUp : 0u);
}

long UdpSocket::available() { return first ? first->data->tot_len : 0; }

long UdpSocket::localName(SocketName &name) {
  nameOf({pcb->local_ip, pcb->local_port}, family, name);
  return 0;
}

long UdpSocket::peerName(SocketName &name) {
  if (!isConnected)
    return -kNotConnected;
  nameOf({pcb->remote_ip, pcb->remote_port}, family, name);
  return 0;
}
