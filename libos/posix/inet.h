// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Names of Internet sockets, and what lwIP's results mean.
#pragma once

#include "libos/posix/socket.h"

#include <lwip/err.h>
#include <lwip/ip.h>

namespace ampoule::posix {

struct Endpoint {
  ip_addr_t address;
  std::uint16_t port; ///< in the host's order
};

/// Of struct sockaddr_in or sockaddr_in6. A V4-mapped address (RFC 4291,
/// 2.5.5.2) becomes one of IPv4. 0 or a negative errno.
long endpointOf(const SocketName &name, Family family, Endpoint &result);

/// As a socket of that family names it.
void nameOf(const Endpoint &endpoint, Family family, SocketName &result);

/// Whether a socket can be bound to it.
bool isOurs(const ip_addr_t &address);
bool isBroadcast(const ip_addr_t &address);

/// The wildcard of the other family's loopback address: connect() to it.
ip_addr_t loopback(const ip_addr_t &any);

/// A negative errno; 0 for ERR_OK.
long errnoOf(err_t error);

/// What TCP, UDP and raw sockets have in common: options of IP.
class InetSocket : public Socket {
public:
  using Socket::Socket;

  long setOption(long level, long option, const void *value,
                 std::uint32_t size) override;
  long getOption(long level, long option, void *value,
                 std::uint32_t &size) override;

protected:
  /// The wildcard address for this socket, of IPv4, IPv6 or both.
  ip_addr_t anyAddress() const;
  /// What lwIP has for the socket gets the options; null: nothing.
  void applyTo(ip_pcb *pcb) const;

  bool isOnlyV6 = false;                     ///< IPV6_V6ONLY
  std::uint8_t timeToLive = 64, service = 0; ///< IP_TTL, IP_TOS
};

} // namespace ampoule::posix
