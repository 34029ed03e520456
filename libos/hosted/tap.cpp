// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A tap device of Linux (Documentation/networking/tuntap.rst) in the place of
// netfront's: AMPOULE_TAP names it, tap0 if nothing does. One that is not there is
// made, if the process may.
#include "libos/abi/module.h"
#include "libos/hosted/host.h"
#include "libos/linux/process.h"
#include "libos/net/net.h"
#include "libos/netfront/netfront.h"
#include "libos/threads/call.h"
#include "xen-boot/abi/handoff.h"

#include <lwip/etharp.h>
#include <lwip/ethip6.h>
#include <lwip/netif.h>

namespace ampoule::netfront {
namespace {

constexpr unsigned kMtu = 1500;

constinit long tap = -1;
constinit netif *device = nullptr;
constinit Counters counted = {};
/// A frame on its way in or out, with the longest header.
constinit char frameBytes[kMtu + 64];

void receiveAll() {
  long size;
  while ((size = hosted::call(hosted::kRead, tap, frameBytes,
                              long{sizeof(frameBytes)})) > 0) {
    auto bytes = static_cast<std::uint16_t>(size);
    pbuf *frame = pbuf_alloc(PBUF_RAW, bytes, PBUF_RAM);
    if (!frame || pbuf_take(frame, frameBytes, bytes) != ERR_OK) {
      ++counted.receiveDrops;
      continue;
    }
    ++counted.receivedFrames;
    counted.receivedBytes += bytes;
    if (device->input(frame, device) != ERR_OK) {
      ++counted.receiveDrops;
      pbuf_free(frame);
    }
  }
}

void work() {
  if (device)
    receiveAll();
  net::settle();
}

constinit threads::Device late = {work};

err_t send(netif *, pbuf *frame) {
  std::uint16_t size =
      pbuf_copy_partial(frame, frameBytes, sizeof(frameBytes), 0);
  if (size != frame->tot_len ||
      hosted::call(hosted::kWrite, tap, frameBytes, long{size}) != size) {
    ++counted.sendDrops;
    return ERR_IF;
  }
  ++counted.sentFrames;
  counted.sentBytes += size;
  return ERR_OK;
}

void init(const abi::Handoff &handoff) {
  constexpr long kHere = -100, kReadWrite = 2;  // AT_FDCWD, O_RDWR
  constexpr long kTunSetInterface = 0x400454ca; // TUNSETIFF
  const char *name = process::variable(handoff.initialStack, "AMPOULE_TAP");
  if (!name)
    name = "tap0";
  struct { // struct ifreq
    char name[16] = {};
    std::uint16_t flags = 0x1002; // IFF_TAP | IFF_NO_PI
    char rest[22] = {};
  } request;
  for (unsigned i = 0; name[i] && i + 1 < sizeof(request.name); ++i)
    request.name[i] = name[i];
  tap = hosted::call(hosted::kOpenat, kHere, "/dev/net/tun", kReadWrite);
  if (tap < 0)
    hosted::refuse("it cannot open /dev/net/tun");
  if (hosted::call(hosted::kIoctl, tap, kTunSetInterface, &request) < 0)
    hosted::refuse("it cannot have the tap device ", name);
  threads::addDevice(late);
  hosted::bind(tap, [] { threads::addLate(late); });
}

} // namespace

unsigned count() { return 1; }
void flush() {}
Counters counters(unsigned) { return counted; }

bool attach(unsigned, netif &interface) {
  device = &interface;
  interface.hwaddr_len = ETH_HWADDR_LEN;
  hosted::call(hosted::kGetrandom, interface.hwaddr, ETH_HWADDR_LEN, 0);
  interface.hwaddr[0] = 2; // administered locally, for one station
  interface.mtu = kMtu;
  interface.flags |= NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP |
                     NETIF_FLAG_ETHERNET | NETIF_FLAG_LINK_UP;
  interface.output = etharp_output;
  interface.output_ip6 = ethip6_output;
  interface.linkoutput = send;
  threads::addLate(late); // what came before anybody was told
  return true;
}

} // namespace ampoule::netfront

AMPOULE_MODULE(netfront, &ampoule::netfront::init, events);
