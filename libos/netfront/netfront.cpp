// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What lwIP and the backend have to tell each other. Checksums of TCP are the
// backend's work, or nobody's: a frame that never leaves the machine needs none.
#include "libos/netfront/netfront.h"

#include "libos/abi/module.h"
#include "libos/events/events.h"
#include "libos/memory/memory.h"
#include "libos/net/net.h"
#include "libos/netfront/receive.h"
#include "libos/netfront/transmit.h"
#include "libos/threads/call.h"
#include "libos/time/time.h"
#include "libos/xenbus/xenbus.h"

#include <lwip/etharp.h>
#include <lwip/ethip6.h>
#include <lwip/netif.h>

#include <new>

namespace ampoule::netfront {
namespace {

class Interface final : public xenbus::Frontend {
public:
  bool attach(netif &interface);
  void work();
  void flush();
  Counters counters = {};

private:
  bool connect() override;
  const char *begin() override;
  void disconnect() override;
  void look() override;
  err_t send(pbuf &frame);
  bool waitForRoom();
  void receiveAll();
  bool readAddress();

  /// Which checksums lwIP looks at.
  enum class Checks : std::uint8_t { Ours, None, All };
  void check(Checks checks);

  netif *device = nullptr;
  std::uint32_t port = 0;
  bool isOffloaded = false; ///< checksums of TCP are the backend's
  bool isStuck = false;     ///< the backend does not take what is sent
  Transmitter transmitter;
  Receiver receiver;
};

constinit Interface *interfaces[kMostInterfaces] = {};
constinit unsigned found = 0;

void work();
constinit threads::Device late = {work};

void work() {
  for (unsigned i = 0; i < found; ++i)
    interfaces[i]->work();
  net::settle();
}

void onEvent() { threads::addLate(late); }

/// 16 and more: it is no digit.
unsigned hexDigit(char character) {
  unsigned letter = unsigned(character | 0x20) - 'a';
  return letter < 6 ? letter + 10 : unsigned(character) - '0';
}

/// Six bytes of two digits, like 00:16:3e:00:02:0f.
bool Interface::readAddress() {
  char text[3 * ETH_HWADDR_LEN];
  if (!read("mac", text, sizeof(text)))
    return false;
  std::uint8_t address[ETH_HWADDR_LEN];
  const char *at = text;
  for (std::uint8_t &byte : address) {
    unsigned high = hexDigit(*at++), low = high < 16 ? hexDigit(*at++) : high;
    bool isLast = &byte == address + ETH_HWADDR_LEN - 1;
    if (low >= 16 || *at != (isLast ? 0 : ':'))
      return false;
    ++at;
    byte = static_cast<std::uint8_t>(high << 4 | low);
  }
  __builtin_memcpy(device->hwaddr, address, sizeof(address));
  return true;
}

bool Interface::attach(netif &interface) {
  constexpr std::uint64_t kPatience = 10'000'000'000;
  device = &interface;
  interface.state = this;
  interface.hwaddr_len = ETH_HWADDR_LEN;
  std::uint64_t mtu = readNumber("mtu");
  interface.mtu = mtu >= 576 && mtu <= 65500 ? std::uint16_t(mtu) : 1500;
  if (!readAddress()) {
    say("the toolstack gave it no MAC address");
    return false;
  }
  interface.flags |= NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP |
                     NETIF_FLAG_ETHERNET | NETIF_FLAG_IGMP | NETIF_FLAG_MLD6;
  interface.output = etharp_output;
  interface.output_ip6 = ethip6_output;
  interface.linkoutput = [](netif *interface, pbuf *frame) {
    return static_cast<Interface *>(interface->state)->send(*frame);
  };
  if (start(time::monotonic() + kPatience))
    return true;
  say("the backend does not connect; it is waited for no longer");
  return true;
}

bool Interface::connect() {
  readAddress(); // a device that is attached again can have another
  if (!transmitter.connect(peer()))
    return false;
  if (!receiver.connect(peer())) {
    transmitter.disconnect();
    return false;
  }
  port = events::offer(peer(), onEvent);
  if (!port) {
    receiver.disconnect();
    transmitter.disconnect();
    return false;
  }
  return write("tx-ring-ref", transmitter.reference()) &&
         write("rx-ring-ref", receiver.reference()) &&
         write("event-channel", port) && write("request-rx-copy", 1) &&
         write("feature-rx-notify", 1) && write("feature-sg", 1) &&
         write("feature-gso-tcpv4", 1) && write("feature-gso-tcpv6", 1) &&
         write("feature-ipv6-csum-offload", 1);
}

const char *Interface::begin() {
  isOffloaded = !backendNumber("feature-no-csum-offload") &&
                backendNumber("feature-ipv6-csum-offload");
  bool isScattered = isOffloaded && backendNumber("feature-sg");
  transmitter.begin(
      {.checksums = isOffloaded,
       .segments = isScattered && backendNumber("feature-gso-tcpv4"),
       .segmentsIpv6 = isScattered && backendNumber("feature-gso-tcpv6")});
  isStuck = false;
  check(Checks::Ours);
  receiver.expectMore();
  onEvent();
  return nullptr;
}

void Interface::disconnect() {
  netif_set_link_down(device);
  events::close(port);
  receiver.disconnect();
  transmitter.disconnect();
}

/// The backend's `carrier`: "0" or "1"; without it the link is there.
void Interface::look() {
  char carrier[4];
  bool hasCarrier = !readBackend("carrier", carrier, sizeof(carrier)) ||
                    carrier[0] != '0';
  (hasCarrier ? netif_set_link_up : netif_set_link_down)(device);
}

/// `Ours`: for what an address of this interface sends to itself, which has no
/// sum of TCP if the backend is to write it.
void Interface::check(Checks checks) {
  unsigned flags = NETIF_CHECKSUM_ENABLE_ALL;
  if (isOffloaded)
    flags &= ~unsigned(NETIF_CHECKSUM_GEN_TCP);
  if (checks == Checks::None)
    flags &= ~unsigned(NETIF_CHECKSUM_CHECK_TCP | NETIF_CHECKSUM_CHECK_UDP);
  else if (checks == Checks::Ours && isOffloaded)
    flags &= ~unsigned(NETIF_CHECKSUM_CHECK_TCP);
  NETIF_SET_CHECKSUM_CTRL(device, static_cast<std::uint16_t>(flags));
}

void Interface::work() {
  if (!isUp())
    return;
  do {
    receiveAll();
    if (!isUp())
      return;
    if (receiver.refill())
      xen::sendEvent(port);
  } while (receiver.expectMore());
}

void Interface::receiveAll() {
  pbuf *frame;
  std::uint16_t flags = 0;
  while (true) {
    switch (receiver.receive(frame, flags)) {
    case Receiver::Result::Nothing:
      return;
    case Receiver::Result::BackendLies:
      return refuse("responses that answer no request: it is shut down");
    case Receiver::Result::Dropped:
      ++counters.receiveDrops;
      continue;
    case Receiver::Result::Frame:
      break;
    }
    ++counters.receivedFrames;
    counters.receivedBytes += frame->tot_len;
    check(flags & (NETRXF_data_validated | NETRXF_csum_blank)
              ? Checks::None
              : Checks::All);
    if (device->input(frame, device) != ERR_OK) {
      ++counters.receiveDrops;
      pbuf_free(frame);
    }
    check(Checks::Ours);
  }
}

/// A backend that is slow gets some time; one that does not move gets none.
bool Interface::waitForRoom() {
  constexpr std::uint64_t kStep = 100'000, kMost = 50 * kStep;
  std::uint64_t now = time::monotonic(), end = now + kMost;
  while (!isStuck && !transmitter.expectRoom()) {
    isStuck = now >= end;
    time::sleepUntil(now + kStep);
    now = time::monotonic();
  }
  return !isStuck;
}

err_t Interface::send(pbuf &frame) {
  if (!isUp())
    return ERR_IF;
  bool notify = false;
  Transmitter::Result result;
  do
    result = transmitter.send(frame, notify);
  while (result == Transmitter::Result::Full && waitForRoom());
  if (result == Transmitter::Result::Full) {
    ++counters.sendDrops;
    return ERR_IF;
  }
  if (result == Transmitter::Result::BackendLies) {
    refuse("responses that answer no request: it is shut down");
    return ERR_IF;
  }
  isStuck = false;
  ++counters.sentFrames;
  counters.sentBytes += frame.tot_len;
  if (notify)
    xen::sendEvent(port);
  return ERR_OK;
}

void Interface::flush() {
  bool notify = false;
  if (isUp())
    transmitter.flush(notify);
  if (notify)
    xen::sendEvent(port);
}

void init(const abi::Handoff &) {
  for (unsigned index = 0; index < kMostInterfaces; ++index) {
    constexpr std::size_t kPages =
        (sizeof(Interface) + abi::kPageSize - 1) / abi::kPageSize;
    void *room = memory::allocate(kPages);
    if (!room)
      break;
    auto *interface = new (room) Interface();
    if (!interface->open("vif", index)) {
      memory::release(room, kPages);
      break;
    }
    interfaces[found++] = interface;
  }
  threads::addDevice(late);
}

} // namespace

unsigned count() { return found; }

void flush() {
  for (unsigned i = 0; i < found; ++i)
    interfaces[i]->flush();
}

bool attach(unsigned index, netif &interface) {
  return interfaces[index]->attach(interface);
}

Counters counters(unsigned index) { return interfaces[index]->counters; }

} // namespace ampoule::netfront

AMPOULE_MODULE(netfront, &ampoule::netfront::init, xenbus, events, memory);
