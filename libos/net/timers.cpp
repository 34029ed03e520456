// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// In place of lwIP's timeouts.c, whose table would keep every protocol alive.
#include "libos/net/timers.h"

#include "libos/net/net.h"
#include "libos/threads/call.h"
#include "libos/threads/timers.h"
#include "libos/time/time.h"

#include <lwip/dhcp.h>
#include <lwip/etharp.h>
#include <lwip/igmp.h>
#include <lwip/ip4_frag.h>
#include <lwip/ip6_frag.h>
#include <lwip/mld6.h>
#include <lwip/nd6.h>
#include <lwip/netif.h>
#include <lwip/priv/tcp_priv.h>

namespace ampoule::net {
namespace {

constexpr std::uint64_t kMillisecond = 1'000'000;

constinit threads::Timer timer = {};

/// Deadlines of time::monotonic; 0: not running.
constinit std::uint64_t tcpDue = 0, arpDue = 0, reassemblyDue = 0, dhcpDue = 0,
                        leaseDue = 0, groupsDue = 0, neighboursDue = 0,
                        reassembly6Due = 0, groups6Due = 0;

/// Whether a report of a group has to be sent some time.
bool hasGroups() {
  netif *interface;
  NETIF_FOREACH(interface)
  for (igmp_group *group = netif_igmp_data(interface); group;
       group = group->next)
    if (group->timer)
      return true;
  return false;
}

bool hasGroups6() {
  netif *interface;
  NETIF_FOREACH(interface)
  for (mld_group *group = netif_mld6_data(interface); group;
       group = group->next)
    if (group->timer)
      return true;
  return false;
}

class Round {
public:
  /// Does `work` every so often, as long as it is needed.
  template <typename Work>
  void every(std::uint64_t milliseconds, std::uint64_t &due, bool isNeeded,
             Work work) {
    if (!isNeeded) {
      due = 0;
      return;
    }
    // Who was late does it once, not as often as it was missed.
    if (due && due <= now)
      work();
    if (due <= now)
      due = now + milliseconds * kMillisecond;
    if (due < next)
      next = due;
  }

  const std::uint64_t now = time::monotonic();
  std::uint64_t next = ~0ull;
};

void onTimer(threads::Timer &) { settle(); }

} // namespace

void runTimers() {
  Round round;
  round.every(TCP_TMR_INTERVAL, tcpDue, tcp_active_pcbs || tcp_tw_pcbs,
              tcp_tmr);
  bool hasDevices = netif_default != nullptr;
  round.every(ARP_TMR_INTERVAL, arpDue, hasDevices, etharp_tmr);
  round.every(IP_TMR_INTERVAL, reassemblyDue, hasDevices, ip_reass_tmr);
  if (AMPOULE_HAS_DHCP) {
    round.every(DHCP_FINE_TIMER_MSECS, dhcpDue, hasDevices, dhcp_fine_tmr);
    round.every(DHCP_COARSE_TIMER_MSECS, leaseDue, hasDevices, dhcp_coarse_tmr);
  }
  if (NETIF_FLAG_IGMP)
    round.every(IGMP_TMR_INTERVAL, groupsDue, hasDevices && hasGroups(),
                igmp_tmr);
  if (AMPOULE_HAS_IPV6) {
    round.every(ND6_TMR_INTERVAL, neighboursDue, hasDevices, nd6_tmr);
    round.every(IP6_REASS_TMR_INTERVAL, reassembly6Due, hasDevices,
                ip6_reass_tmr);
    round.every(MLD6_TMR_INTERVAL, groups6Due, hasDevices && hasGroups6(),
                mld6_tmr);
  }
  if (round.next == ~0ull)
    return threads::cancel(timer);
  timer.expire = onTimer;
  if (!timer.isSet || timer.deadline != round.next)
    threads::set(timer, round.next);
}

} // namespace ampoule::net

/// lwIP tells of the first connection; settle() looks anyhow.
extern "C" void tcp_timer_needed() {}
