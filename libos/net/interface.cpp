// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// lwIP numbers interfaces from 1 on; the first is the loopback.
#include "libos/net/interface.h"

#include <lwip/netif.h>

namespace ampoule::net {

bool isLoopback(const netif &interface) {
  return netif_get_index(&interface) == 1;
}

void nameOf(const netif &interface, char (&name)[kNameSize]) {
  __builtin_memset(name, 0, kNameSize);
  if (isLoopback(interface)) {
    name[0] = 'l';
    name[1] = 'o';
    return;
  }
  constexpr unsigned kFirst = 2, kTen = 10;
  unsigned number = netif_get_index(&interface) - kFirst;
  __builtin_memcpy(name, "eth", 3);
  char *at = name + 3;
  for (unsigned part = 100; part; part /= kTen)
    if (number >= part || part == 1)
      *at++ = static_cast<char>('0' + number / part % kTen);
}

struct netif *findInterface(const char *wanted) {
  struct netif *interface;
  NETIF_FOREACH(interface) {
    char name[kNameSize];
    nameOf(*interface, name);
    if (__builtin_strncmp(name, wanted, kNameSize) == 0)
      return interface;
  }
  return nullptr;
}

unsigned flagsOf(const netif &interface) {
  constexpr unsigned kUp = 1, kBroadcast = 2, kLoopback = 8, kRunning = 0x40,
                     kMulticast = 0x1000, kLowerUp = 0x10000; // IFF_UP, …
  unsigned flags = isLoopback(interface) ? kLoopback : kBroadcast | kMulticast;
  if (netif_is_up(&interface))
    flags |= kUp;
  if (netif_is_link_up(&interface))
    flags |= kRunning | kLowerUp;
  return flags;
}

} // namespace ampoule::net
