// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Options of UDP sockets: groups that a socket is a member of, and where what
// it sends to a group goes (ip(7), ipv6(7)).
#include "libos/memory/objects.h"
#include "libos/net/net.h"
#include "libos/posix/udp.h"

#include <lwip/igmp.h>
#include <lwip/mld6.h>
#include <lwip/netif.h>

using namespace ampoule;
using namespace ampoule::posix;

struct UdpSocket::Membership {
  Membership *next;
  ip_addr_t group;
  std::uint8_t interface;
};

namespace {

constexpr long kIpLevel = 0, kIp6Level = 41; // IPPROTO_IP, IPPROTO_IPV6

// IP_PKTINFO, … and IPV6_RECVPKTINFO, …
constexpr long kInfo = 8, kInterface = 32, kHops = 33, kLoopBack = 34,
               kJoin = 35, kLeave = 36;
constexpr long kInterface6 = 17, kHops6 = 18, kLoopBack6 = 19, kJoin6 = 20,
               kLeave6 = 21, kInfo6 = 49;

struct GroupRequest { // struct ip_mreqn; ip_mreq lacks the index
  std::uint32_t group, address;
  std::int32_t index;
};

struct Group6Request { // struct ipv6_mreq
  std::uint32_t group[4];
  std::uint32_t index;
};

/// By index, or the one with that address, or the one that leads out.
struct netif *interfaceFor(std::uint32_t index, std::uint32_t address) {
  if (index)
    return netif_get_by_index(static_cast<std::uint8_t>(index));
  struct netif *netif;
  if (address)
    NETIF_FOREACH(netif) {
      if (netif_ip4_addr(netif)->addr == address)
        return netif;
    }
  return address ? nullptr : netif_default ? netif_default : netif_list;
}

} // namespace

long UdpSocket::join(const ip_addr_t &group, std::uint8_t interface,
                     bool joins) {
  Membership **link = &memberships;
  while (*link && ((*link)->interface != interface ||
                   !ip_addr_eq(&(*link)->group, &group)))
    link = &(*link)->next;
  if (joins == (*link != nullptr))
    return joins ? -kAddressInUse : -kNoAddress;
  struct netif *netif = netif_get_by_index(interface);
  err_t failed;
  if (IP_IS_V6_VAL(group))
    failed = (joins ? mld6_joingroup_netif
                    : mld6_leavegroup_netif)(netif, ip_2_ip6(&group));
  else
    failed = (joins ? igmp_joingroup_netif
                    : igmp_leavegroup_netif)(netif, ip_2_ip4(&group));
  if (failed)
    return failed == ERR_MEM ? -kNoBuffers : -kNoDevice;
  if (joins) {
    *link = memory::make<Membership>(Membership{nullptr, group, interface});
    return *link ? 0 : -kNoBuffers;
  }
  Membership *gone = *link;
  *link = gone->next;
  memory::destroy(gone);
  return 0;
}

void UdpSocket::leaveAll() {
  while (memberships)
    join(memberships->group, memberships->interface, /*joins=*/false);
}

long UdpSocket::changeMembership(const void *value, std::uint32_t size,
                                 bool isV6, bool joins) {
  ampoule_use_groups();
  ip_addr_t group;
  struct netif *netif;
  if (isV6) {
    Group6Request request;
    if (size < sizeof(request))
      return -kInvalid;
    __builtin_memcpy(&request, value, sizeof(request));
    const std::uint32_t *words = request.group;
    IP_ADDR6(&group, words[0], words[1], words[2], words[3]);
    ip6_addr_clear_zone(ip_2_ip6(&group));
    netif = interfaceFor(request.index, 0);
  } else {
    constexpr std::uint32_t kShort = 8;
    GroupRequest request = {};
    if (size < kShort)
      return -kInvalid;
    __builtin_memcpy(&request, value,
                     size < sizeof(request) ? kShort : sizeof(request));
    ip_addr_set_ip4_u32_val(group, request.group);
    netif = interfaceFor(static_cast<std::uint32_t>(request.index),
                         request.address);
  }
  if (!ip_addr_ismulticast(&group))
    return -kInvalid;
  if (!netif)
    return -kNoDevice;
  if (isV6)
    ip6_addr_assign_zone(ip_2_ip6(&group), IP6_MULTICAST, netif);
  long result = join(group, netif_get_index(netif), joins);
  net::settle();
  return result;
}

long UdpSocket::setInterface(const void *value, std::uint32_t size, bool isV6) {
  GroupRequest request = {};
  constexpr std::uint32_t kShort = 4;
  if (size < kShort)
    return -kInvalid;
  if (isV6)
    __builtin_memcpy(&request.index, value, kShort);
  else if (size < sizeof(request))
    // struct in_addr, or ip_mreq with it in second place
    __builtin_memcpy(&request.address,
                     static_cast<const char *>(value) + (size < 8 ? 0 : 4),
                     kShort);
  else
    __builtin_memcpy(&request, value, sizeof(request));
  if (!request.index && !request.address) {
    udp_set_multicast_netif_index(pcb, 0);
    return 0;
  }
  struct netif *netif =
      interfaceFor(static_cast<std::uint32_t>(request.index), request.address);
  if (!netif)
    return -kNoAddress;
  udp_set_multicast_netif_index(pcb, netif_get_index(netif));
  return 0;
}

long UdpSocket::setOption(long level, long option, const void *value,
                          std::uint32_t size) {
  bool isV6 = level == kIp6Level;
  if (level != kIpLevel && !isV6)
    return InetSocket::setOption(level, option, value, size);
  if (option == (isV6 ? kJoin6 : kJoin))
    return changeMembership(value, size, isV6, /*joins=*/true);
  if (option == (isV6 ? kLeave6 : kLeave))
    return changeMembership(value, size, isV6, /*joins=*/false);
  if (option == (isV6 ? kInterface6 : kInterface))
    return setInterface(value, size, isV6);
  std::int32_t number = 0;
  if (size)
    __builtin_memcpy(&number, value,
                     size < sizeof(number) ? 1 : sizeof(number));
  if (option == (isV6 ? kHops6 : kHops)) {
    if (number < -1 || number > 255)
      return -kInvalid;
    udp_set_multicast_ttl(pcb,
                          static_cast<std::uint8_t>(number < 0 ? 1 : number));
  } else if (option == (isV6 ? kLoopBack6 : kLoopBack)) {
    pcb->flags = static_cast<std::uint8_t>(
        number ? pcb->flags | UDP_FLAGS_MULTICAST_LOOP
               : pcb->flags & ~UDP_FLAGS_MULTICAST_LOOP);
  } else if (option == (isV6 ? kInfo6 : kInfo)) {
    tellsDestination = number;
  } else {
    return InetSocket::setOption(level, option, value, size);
  }
  return 0;
}

long UdpSocket::getOption(long level, long option, void *value,
                          std::uint32_t &size) {
  bool isV6 = level == kIp6Level;
  std::int32_t number;
  if (level != kIpLevel && !isV6)
    return InetSocket::getOption(level, option, value, size);
  if (option == (isV6 ? kHops6 : kHops))
    number = udp_get_multicast_ttl(pcb);
  else if (option == (isV6 ? kLoopBack6 : kLoopBack))
    number = (pcb->flags & UDP_FLAGS_MULTICAST_LOOP) != 0;
  else if (option == (isV6 ? kInfo6 : kInfo))
    number = tellsDestination;
  else
    return InetSocket::getOption(level, option, value, size);
  return giveOption(&number, sizeof(number), value, size);
}
