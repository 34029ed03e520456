// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "libos/net/interfaces.h"

#include "libos/console/line.h"
#include "libos/net/net.h"
#include "libos/netfront/netfront.h"
#include "libos/threads/call.h"
#include "libos/threads/timers.h"
#include "libos/time/time.h"

#include <lwip/dhcp.h>
#include <lwip/netif.h>
#include <netif/ethernet.h>

namespace ampoule::net {
namespace {

/// How long `main` waits for an address.
constexpr std::uint64_t kPatience = 10'000'000'000;
constexpr std::uint64_t kStep = 10'000'000;

constinit netif interfaces[netfront::kMostInterfaces] = {};

void add(unsigned index) {
  netif &interface = interfaces[index];
  auto attach = [](netif *added) -> err_t {
    auto number = static_cast<unsigned>(added - interfaces);
    return netfront::attach(number, *added) ? ERR_OK : ERR_IF;
  };
  if (!netif_add_noaddr(&interface, nullptr, attach, ethernet_input))
    return;
  interface.name[0] = 'e';
  interface.name[1] = 't';
  if (index == 0)
    netif_set_default(&interface);
  netif_set_up(&interface);
  dhcp_start(&interface);
}

bool hasAddress() {
  for (unsigned i = 0; i < netfront::count(); ++i)
    if (!ip4_addr_isany(netif_ip4_addr(&interfaces[i])))
      return true;
  return false;
}

void put(console::Line &line, const ip4_addr_t &address) {
  line.number(ip4_addr1(&address)) << ".";
  line.number(ip4_addr2(&address)) << ".";
  line.number(ip4_addr3(&address)) << ".";
  line.number(ip4_addr4(&address));
}

void tell() {
  if (!console::says(LogLevel::Info))
    return;
  for (unsigned i = 0; i < netfront::count(); ++i) {
    const netif &interface = interfaces[i];
    console::Line line;
    (line << "ampoule: vif ").number(i) << ": ";
    if (ip4_addr_isany(netif_ip4_addr(&interface))) {
      line << "no address yet";
      continue;
    }
    put(line, *netif_ip4_addr(&interface));
    line << ", gateway ";
    put(line, *netif_ip4_gw(&interface));
  }
}

} // namespace

void startInterfaces() {
  if (netfront::count() == 0)
    return;
  threads::interruptForTimers();
  threads::beginCall();
  for (unsigned i = 0; i < netfront::count(); ++i)
    add(i);
  settle();
  threads::endCall();
  // Frames and timers interrupt this.
  std::uint64_t now = time::monotonic(), end = now + kPatience;
  for (; !hasAddress() && now < end; now = time::monotonic())
    time::sleepUntil(now + kStep);
  tell();
}

} // namespace ampoule::net
