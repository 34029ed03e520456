// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "libos/net/interfaces.h"

#include "libos/abi/config.h"
#include "libos/console/line.h"
#include "libos/net/net.h"
#include "libos/netfront/netfront.h"
#include "libos/panic/panic.h"
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

ip4_addr_t toAddress(std::int64_t number) {
  return {lwip_htonl(static_cast<std::uint32_t>(number))};
}

/// What the configuration states; the linker has checked it unless it was given
/// at boot.
void setAddress(netif &interface) {
  const char *text = ampoule_config_address;
  const char *gatewayText = ampoule_config_gateway;
  if (!detail::isAddress(text))
    panic::panic("address: expected dhcp, or A.B.C.D/BITS");
  if (!detail::isGateway(gatewayText))
    panic::panic("gateway: expected A.B.C.D");
  ip4_addr_t address = toAddress(detail::takeAddress(text));
  ++text; // the slash
  constexpr int kBits = 32;
  int bits = detail::takeNumber(text, kBits);
  ip4_addr_t mask = toAddress(~0ll << (kBits - bits));
  ip4_addr_t gateway =
      toAddress(*gatewayText ? detail::takeAddress(gatewayText) : 0);
  netif_set_addr(&interface, &address, &mask, &gateway);
}

void add(unsigned index) {
  netif &interface = interfaces[index];
  auto attach = [](netif *added) -> err_t {
    auto number = static_cast<unsigned>(added - interfaces);
    if (!netfront::attach(number, *added))
      return ERR_IF;
    added->flags |= NETIF_FLAG_IGMP | NETIF_FLAG_MLD6;
    return ERR_OK;
  };
  if (!netif_add_noaddr(&interface, nullptr, attach, ethernet_input))
    return;
  interface.name[0] = 'e';
  interface.name[1] = 't';
  if (index == 0)
    netif_set_default(&interface);
  interface.hostname = ampoule_config_hostname;
  if (AMPOULE_HAS_IPV6)
    netif_create_ip6_linklocal_address(&interface, /*from_mac_48bit=*/1);
  if (!AMPOULE_HAS_DHCP && index == 0)
    setAddress(interface);
  netif_set_up(&interface);
  if (AMPOULE_HAS_DHCP)
    dhcp_start(&interface);
  if (AMPOULE_HAS_IPV6)
    netif_set_ip6_autoconfig_enabled(&interface, 1);
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
