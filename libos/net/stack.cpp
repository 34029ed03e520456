// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "libos/abi/module.h"
#include "libos/net/interfaces.h"
#include "libos/net/net.h"
#include "libos/net/timers.h"

#include <lwip/init.h>
#include <lwip/netif.h>

namespace ampoule::net {
namespace {

void init(const abi::Handoff &) {
  lwip_init();
  startInterfaces();
}

} // namespace

void settle() {
  netif_poll_all();
  runTimers();
  // What a timer sent to ourselves.
  netif_poll_all();
}

} // namespace ampoule::net

AMPOULE_MODULE(net, &ampoule::net::init, memory, time, netfront);
