// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// ioctl() on sockets: what it tells of interfaces (netdevice(7)).
#include "libos/net/interface.h"
#include "libos/posix/socket.h"

#include <lwip/netif.h>

using namespace ampoule;
using namespace ampoule::posix;

namespace {

struct Request { // struct ifreq
  char name[net::kNameSize];
  union {
    struct {
      std::uint16_t family, port;
      std::uint32_t address;
      std::uint64_t zero;
    } inet;
    struct {
      std::uint16_t type;
      std::uint8_t address[6];
    } hardware;
    std::int32_t number;
    std::int16_t flags;
    char rest[24];
  };
};
static_assert(sizeof(Request) == 40);

struct List { // struct ifconf
  std::int32_t size;
  Request *requests;
};

enum InterfaceRequest : unsigned long { // SIOCGIFNAME, …
  kName = 0x8910,
  kList = 0x8912,
  kFlags = 0x8913,
  kAddress = 0x8915,
  kBroadcast = 0x8919,
  kNetmask = 0x891b,
  kMtu = 0x8921,
  kHardwareAddress = 0x8927,
  kIndex = 0x8933,
};

void setInet(Request &request, std::uint32_t address) {
  request.inet = {static_cast<std::uint16_t>(Family::Inet), 0, address, 0};
}

long list(List &result) {
  std::int32_t used = 0;
  netif *interface;
  NETIF_FOREACH(interface) {
    std::uint32_t address = netif_ip4_addr(interface)->addr;
    if (!address)
      continue;
    if (result.requests) {
      if (used + static_cast<std::int32_t>(sizeof(Request)) > result.size)
        break;
      Request &request = result.requests[used / sizeof(Request)];
      net::nameOf(*interface, request.name);
      setInet(request, address);
    }
    used += sizeof(Request);
  }
  result.size = used;
  return 0;
}

} // namespace

long Socket::control(unsigned long number, void *argument) {
  constexpr unsigned long kFirst = 0x8900, kLast = 0x89ff;
  if (number < kFirst || number > kLast)
    return refuseControl(number);
  if (number == kList)
    return list(*static_cast<List *>(argument));
  auto &request = *static_cast<Request *>(argument);
  netif *interface =
      number == kName
          ? netif_get_by_index(static_cast<std::uint8_t>(request.number))
          : net::findInterface(request.name);
  if (!interface)
    return -kNoDevice;
  std::uint32_t address = netif_ip4_addr(interface)->addr;
  std::uint32_t mask = netif_ip4_netmask(interface)->addr;
  switch (number) {
  case kName:
    net::nameOf(*interface, request.name);
    return 0;
  case kFlags:
    request.flags = static_cast<std::int16_t>(net::flagsOf(*interface));
    return 0;
  case kAddress:
  case kBroadcast:
  case kNetmask:
    if (!address)
      return -kNoAddress;
    setInet(request, number == kAddress   ? address
                     : number == kNetmask ? mask
                                          : address | ~mask);
    return 0;
  case kMtu:
    request.number = interface->mtu;
    return 0;
  case kHardwareAddress:
    request.hardware.type = net::isLoopback(*interface) ? 772 : 1;
    __builtin_memcpy(request.hardware.address, interface->hwaddr,
                     sizeof(request.hardware.address));
    return 0;
  case kIndex:
    request.number = netif_get_index(interface);
    return 0;
  default:
    return refuseControl(number);
  }
}
