// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "libos/abi/module.h"
#include "libos/net/interfaces.h"
#include "libos/net/net.h"
#include "libos/net/timers.h"
#include "libos/netfront/netfront.h"

#include <lwip/init.h>
#include <lwip/netif.h>

namespace ampoule::net {
namespace {

void init(const abi::Handoff &) {
  lwip_init();
  // The loopback interface: nothing has to be cut.
  netif_list->mtu = netif_list->mtu6 = 0xffff;
  startInterfaces();
}

} // namespace

void settle() {
  netif_poll_all();
  runTimers();
  // What a timer sent to ourselves.
  netif_poll_all();
  netfront::flush();
}

} // namespace ampoule::net

// Nobody can tell that they do nothing.
extern "C" {
[[gnu::noinline]] void ampoule_use_ipv6() { asm volatile(""); }
[[gnu::noinline]] void ampoule_use_groups() { asm volatile(""); }
}

AMPOULE_MODULE(net, &ampoule::net::init, memory, time, netfront);
