// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The PV network device (xen/include/public/io/netif.h) as a device of lwIP.
#pragma once

#include <cstdint>

struct netif;

namespace ampoule::netfront {

inline constexpr unsigned kMostInterfaces = 8;

/// How many interfaces the domain has; they are numbered as in xenstore.
unsigned count();

/// Makes `interface` the device with that number: address, MTU and what sends.
/// Frames that come go to its `input`. False: its backend does not connect.
bool attach(unsigned index, netif &interface);

/// Sends what waits to be joined with more: at the end of each use of lwIP.
void flush();

struct Counters {
  std::uint64_t receivedFrames, receivedBytes, receiveDrops, sentFrames,
      sentBytes, sendDrops;
};
Counters counters(unsigned index);

} // namespace ampoule::netfront
