// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Interfaces as programs name them: lo, eth0, eth1, …
#pragma once

#include <cstddef>

struct netif;

namespace ampoule::net {

inline constexpr std::size_t kNameSize = 16; // IFNAMSIZ

/// Fills all of the name.
void nameOf(const netif &interface, char (&name)[kNameSize]);

/// Null: there is none of that name.
netif *findInterface(const char *name);

/// IFF_UP, …
unsigned flagsOf(const netif &interface);

bool isLoopback(const netif &interface);

} // namespace ampoule::net
