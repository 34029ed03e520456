// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "libos/posix/inet.h"

#include <lwip/netif.h>

using namespace ampoule;
using namespace ampoule::posix;

namespace {

struct InetName { // struct sockaddr_in
  Family family;
  std::uint16_t port; ///< big-endian, as the address
  std::uint32_t address;
  std::uint64_t zero;
};
static_assert(sizeof(InetName) == 16);

struct Inet6Name { // struct sockaddr_in6
  Family family;
  std::uint16_t port;
  std::uint32_t flow;
  std::uint32_t address[4];
  std::uint32_t scope;
};
static_assert(sizeof(Inet6Name) == 28);
constexpr std::uint32_t kShortestInet6 = 24; // SIN6_LEN_RFC2133

constexpr std::uint32_t kMapped = 0xffff0000; // ::ffff:0:0, big-endian

} // namespace

long posix::endpointOf(const SocketName &name, Family family,
                       Endpoint &result) {
  if (name.family() != family)
    return name.length < 2 ? -kInvalid : -kNoFamily;
  if (family == Family::Inet) {
    const auto &inet = name.as<InetName>();
    if (name.length < sizeof(inet))
      return -kInvalid;
    result.port = lwip_ntohs(inet.port);
    ip_addr_set_ip4_u32_val(result.address, inet.address);
    return 0;
  }
  const auto &inet = name.as<Inet6Name>();
  if (name.length < kShortestInet6)
    return -kInvalid;
  const std::uint32_t *words = inet.address;
  result.port = lwip_ntohs(inet.port);
  if (words[0] == 0 && words[1] == 0 && words[2] == kMapped) {
    ip_addr_set_ip4_u32_val(result.address, words[3]);
    return 0;
  }
  IP_ADDR6(&result.address, words[0], words[1], words[2], words[3]);
  ip6_addr_clear_zone(ip_2_ip6(&result.address));
  if (ip6_addr_has_scope(ip_2_ip6(&result.address), IP6_UNKNOWN))
    ip6_addr_set_zone(ip_2_ip6(&result.address),
                      name.length >= sizeof(inet)
                          ? static_cast<std::uint8_t>(inet.scope)
                          : 0);
  return 0;
}

void posix::nameOf(const Endpoint &endpoint, Family family,
                   SocketName &result) {
  result = {};
  result.setFamily(family);
  if (family == Family::Inet) {
    auto &inet = result.as<InetName>();
    inet.port = lwip_htons(endpoint.port);
    inet.address =
        IP_IS_V4_VAL(endpoint.address) ? ip_2_ip4(&endpoint.address)->addr : 0;
    result.length = sizeof(inet);
    return;
  }
  auto &inet = result.as<Inet6Name>();
  inet.port = lwip_htons(endpoint.port);
  result.length = sizeof(inet);
  if (IP_IS_V6_VAL(endpoint.address)) {
    const ip6_addr_t *address = ip_2_ip6(&endpoint.address);
    __builtin_memcpy(inet.address, address->addr, sizeof(inet.address));
    inet.scope = ip6_addr_zone(address);
  } else if (IP_IS_V4_VAL(endpoint.address)) {
    inet.address[2] = kMapped;
    inet.address[3] = ip_2_ip4(&endpoint.address)->addr;
  }
}

bool posix::isOurs(const ip_addr_t &address) {
  if (IP_IS_ANY_TYPE_VAL(address) || ip_addr_isany_val(address))
    return true;
  struct netif *netif;
  NETIF_FOREACH(netif) {
    if (IP_IS_V6_VAL(address)
            ? netif_get_ip6_addr_match(netif, ip_2_ip6(&address)) >= 0
            : ip4_addr_eq(ip_2_ip4(&address), netif_ip4_addr(netif)))
      return true;
  }
  return ip_addr_ismulticast(&address) || isBroadcast(address);
}

bool posix::isBroadcast(const ip_addr_t &address) {
  struct netif *netif;
  NETIF_FOREACH(netif) {
    if (ip_addr_isbroadcast(&address, netif))
      return true;
  }
  return false;
}

ip_addr_t posix::loopback(const ip_addr_t &any) {
  ip_addr_t result;
  if (IP_IS_V6_VAL(any))
    IP_ADDR6_HOST(&result, 0, 0, 0, 1);
  else
    IP_ADDR4(&result, 127, 0, 0, 1);
  return result;
}

long posix::errnoOf(err_t error) {
  switch (error) {
  case ERR_OK:
    return 0;
  case ERR_MEM:
  case ERR_BUF:
    return -kNoBuffers;
  case ERR_TIMEOUT:
    return -kTimedOut;
  case ERR_RTE:
    return -kNetworkUnreachable;
  case ERR_USE:
    return -kAddressInUse;
  case ERR_ISCONN:
    return -kIsConnected;
  case ERR_CONN:
    return -kNotConnected;
  default:
    return -kInvalid;
  }
}

ip_addr_t InetSocket::anyAddress() const {
  if (family == Family::Inet)
    return *IP4_ADDR_ANY;
  ip_addr_t result = *IP6_ADDR_ANY;
  if (!isOnlyV6)
    IP_SET_TYPE_VAL(result, IPADDR_TYPE_ANY);
  return result;
}

void InetSocket::applyTo(ip_pcb *pcb) const {
  if (!pcb)
    return;
  auto set = [&](std::uint8_t option, bool isSet) {
    pcb->so_options = static_cast<std::uint8_t>(
        isSet ? pcb->so_options | option : pcb->so_options & ~option);
  };
  set(SOF_REUSEADDR, canReuse || isReusePort);
  set(SOF_KEEPALIVE, isKeptAlive);
  set(SOF_BROADCAST, canBroadcast);
  pcb->ttl = timeToLive;
  pcb->tos = service;
}

namespace {

constexpr long kIpLevel = 0, kIp6Level = 41; // IPPROTO_IP, IPPROTO_IPV6

enum IpOption : long { kService = 1, kTimeToLive = 2, kDiscoverMtu = 10 };
enum Ip6Option : long {
  kHops = 16,         // IPV6_UNICAST_HOPS
  kDiscoverMtu6 = 23, // IPV6_MTU_DISCOVER
  kOnlyV6 = 26,       // IPV6_V6ONLY
  kClass = 67,        // IPV6_TCLASS
};

} // namespace

long InetSocket::setOption(long level, long option, const void *value,
                           std::uint32_t size) {
  std::int32_t number = 0;
  if (size >= sizeof(number))
    __builtin_memcpy(&number, value, sizeof(number));
  else if (size >= 1)
    number = *static_cast<const std::uint8_t *>(value);
  else
    return -kInvalid;
  constexpr std::int32_t kDefault = -1;
  constexpr std::uint8_t kDefaultHops = 64;
  bool isHops = (level == kIpLevel && option == kTimeToLive) ||
                (level == kIp6Level && option == kHops);
  if (isHops) {
    if (number != kDefault && (number < 1 || number > 255))
      return -kInvalid;
    timeToLive =
        number == kDefault ? kDefaultHops : static_cast<std::uint8_t>(number);
  } else if ((level == kIpLevel && option == kService) ||
             (level == kIp6Level && option == kClass)) {
    service = static_cast<std::uint8_t>(number == kDefault ? 0 : number);
  } else if (level == kIp6Level && option == kOnlyV6) {
    isOnlyV6 = number;
  } else if ((level == kIpLevel && option == kDiscoverMtu) ||
             (level == kIp6Level && option == kDiscoverMtu6)) {
    return 0; // lwIP never fragments what TCP sends
  } else {
    return Socket::setOption(level, option, value, size);
  }
  apply();
  return 0;
}

long InetSocket::getOption(long level, long option, void *value,
                           std::uint32_t &size) {
  std::int32_t number;
  if ((level == kIpLevel && option == kTimeToLive) ||
      (level == kIp6Level && option == kHops))
    number = timeToLive;
  else if ((level == kIpLevel && option == kService) ||
           (level == kIp6Level && option == kClass))
    number = service;
  else if (level == kIp6Level && option == kOnlyV6)
    number = isOnlyV6;
  else
    return Socket::getOption(level, option, value, size);
  return giveOption(&number, sizeof(number), value, size);
}
