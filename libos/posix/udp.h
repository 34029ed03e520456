// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Datagram sockets over UDP: udp.cpp what they do, multicast.cpp the options of
// groups.
#pragma once

#include "libos/posix/inet.h"

#include <lwip/udp.h>

namespace ampoule::posix {

class UdpSocket final : public InetSocket {
public:
  UdpSocket(Family family, udp_pcb *block);

  long bind(const SocketName &name) override;
  long connect(const SocketName &name) override;
  long send(const Message &message, std::uint32_t flags) override;
  long receive(Message &message, std::uint32_t flags) override;
  long shutDown(std::uint32_t how) override;
  long localName(SocketName &name) override;
  long peerName(SocketName &name) override;
  void apply() override;
  long setOption(long level, long option, const void *value,
                 std::uint32_t size) override;
  long getOption(long level, long option, void *value,
                 std::uint32_t &size) override;
  std::uint32_t readiness() override;
  long available() override;
  void release() override;

  static constexpr std::uint16_t kUdp = 17; // IPPROTO_UDP

private:
  struct Datagram;
  struct Membership;

  void onData(pbuf *data, const Endpoint &from);
  void dropFirst();
  /// IP_PKTINFO of a datagram, if it is asked for.
  void describe(const Datagram &datagram, Message &message) const;
  long sendTo(const Message &message, const Endpoint *to);

  long join(const ip_addr_t &group, std::uint8_t interface, bool joins);
  long changeMembership(const void *value, std::uint32_t size, bool isV6,
                        bool joins);
  long setInterface(const void *value, std::uint32_t size, bool isV6);
  void leaveAll();

  udp_pcb *pcb;
  bool isBound = false, isConnected = false;
  bool hadAddress = false; ///< before connect() chose one
  bool isReadShut = false, isWriteShut = false;
  bool tellsDestination = false; ///< IP_PKTINFO, IPV6_RECVPKTINFO
  Datagram *first = nullptr, *last = nullptr;
  std::size_t received = 0;
  Membership *memberships = nullptr;
};

} // namespace ampoule::posix
