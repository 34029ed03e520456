// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// As much of rtnetlink(7) as musl asks for in getifaddrs() and if_nameindex():
// to be told of all interfaces, and of all addresses. An answer is written when
// it is read, an interface at a time.
#include "libos/memory/objects.h"
#include "libos/net/interface.h"
#include "libos/posix/socket.h"

#include <lwip/netif.h>

using namespace ampoule;
using namespace ampoule::posix;

namespace {

struct Header { // struct nlmsghdr
  std::uint32_t length;
  std::uint16_t type, flags;
  std::uint32_t sequence, port;
};

enum MessageType : std::uint16_t { // NLMSG_DONE, RTM_NEWLINK, …
  kDone = 3,
  kNewLink = 16,
  kGetLink = 18,
  kNewAddress = 20,
  kGetAddress = 22,
};

struct LinkInfo { // struct ifinfomsg
  std::uint8_t family, padding;
  std::uint16_t type;
  std::int32_t index;
  std::uint32_t flags, change;
};

struct AddressInfo { // struct ifaddrmsg
  std::uint8_t family, prefix, flags, scope;
  std::uint32_t index;
};

/// Writes one message after the other.
class Writer {
public:
  Writer(char *buffer, std::size_t size) : at(buffer), left(size) {}

  template <typename T> void add(const T &value) { put(&value, sizeof(T)); }

  void begin(MessageType type, std::uint32_t sequence) {
    start = at;
    constexpr std::uint16_t kMultiple = 2; // NLM_F_MULTI
    add(Header{0, type, kMultiple, sequence, 1});
  }
  /// struct rtattr
  void attribute(std::uint16_t type, const void *value, std::size_t size) {
    constexpr std::size_t kHeader = 4;
    const std::uint16_t header[2] = {static_cast<std::uint16_t>(kHeader + size),
                                     type};
    put(header, sizeof(header));
    put(value, size);
    const char zeros[3] = {};
    put(zeros, -size & 3);
  }
  void end() {
    auto length = static_cast<std::uint32_t>(at - start);
    __builtin_memcpy(start, &length, sizeof(length));
  }

  char *at;
  bool isFull = false;

private:
  void put(const void *from, std::size_t size) {
    if (size > left) {
      isFull = true;
      return;
    }
    __builtin_memcpy(at, from, size);
    at += size;
    left -= size;
  }

  std::size_t left;
  char *start = nullptr;
};

void writeLink(Writer &to, const netif &interface, std::uint32_t sequence) {
  constexpr std::uint16_t kEthernet = 1, kLoopbackType = 772; // ARPHRD_ETHER, …
  constexpr std::uint16_t kAddress = 1, kBroadcast = 2, kName = 3,
                          kMtu = 4; // IFLA_ADDRESS, …
  bool isLoopback = net::isLoopback(interface);
  to.begin(kNewLink, sequence);
  to.add(LinkInfo{0, 0, isLoopback ? kLoopbackType : kEthernet,
                  netif_get_index(&interface), net::flagsOf(interface), 0});
  char name[net::kNameSize];
  net::nameOf(interface, name);
  to.attribute(kName, name, __builtin_strlen(name) + 1);
  const std::uint32_t mtu = interface.mtu;
  to.attribute(kMtu, &mtu, sizeof(mtu));
  constexpr std::uint8_t kAll[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
                         kNone[6] = {};
  to.attribute(kAddress, interface.hwaddr, sizeof(kAll));
  to.attribute(kBroadcast, isLoopback ? kNone : kAll, sizeof(kAll));
  to.end();
}

void writeAddress(Writer &to, const netif &interface, std::uint32_t sequence,
                  const AddressInfo &info, const void *address,
                  std::size_t size, const void *broadcast) {
  constexpr std::uint16_t kAddress = 1, kLocal = 2, kLabel = 3,
                          kBroadcast = 4; // IFA_ADDRESS, …
  to.begin(kNewAddress, sequence);
  to.add(info);
  to.attribute(kAddress, address, size);
  to.attribute(kLocal, address, size);
  if (broadcast)
    to.attribute(kBroadcast, broadcast, size);
  char name[net::kNameSize];
  net::nameOf(interface, name);
  to.attribute(kLabel, name, __builtin_strlen(name) + 1);
  to.end();
}

void writeAddresses(Writer &to, const netif &interface,
                    std::uint32_t sequence) {
  constexpr std::uint8_t kHost = 254, kLinkScope = 253; // RT_SCOPE_HOST, …
  constexpr std::uint8_t kInet = 2, kInet6 = 10, kHalf = 64, kWhole = 128;
  bool isLoopback = net::isLoopback(interface);
  const std::uint32_t index = netif_get_index(&interface);
  if (std::uint32_t address = netif_ip4_addr(&interface)->addr) {
    std::uint32_t mask = netif_ip4_netmask(&interface)->addr;
    std::uint32_t broadcast = address | ~mask;
    writeAddress(to, interface, sequence,
                 {kInet, static_cast<std::uint8_t>(__builtin_popcount(mask)), 0,
                  isLoopback ? kHost : std::uint8_t{0}, index},
                 &address, sizeof(address), isLoopback ? nullptr : &broadcast);
  }
  if (AMPOULE_HAS_IPV6)
    for (std::int8_t i = 0; i != LWIP_IPV6_NUM_ADDRESSES; ++i) {
      if (!ip6_addr_isvalid(netif_ip6_addr_state(&interface, i)))
        continue;
      const ip6_addr_t *address = netif_ip6_addr(&interface, i);
      writeAddress(to, interface, sequence,
                   {kInet6, isLoopback ? kWhole : kHalf, 0,
                    isLoopback                      ? kHost
                    : ip6_addr_islinklocal(address) ? kLinkScope
                                                    : std::uint8_t{0},
                    index},
                   address->addr, sizeof(address->addr), nullptr);
    }
}

class NetlinkSocket final : public Socket {
public:
  explicit NetlinkSocket(SocketType type) : Socket(Family::Netlink, type, 0) {}

  long bind(const SocketName &) override { return 0; }
  long connect(const SocketName &) override { return 0; }

  long send(const Message &message, std::uint32_t) override {
    Header header;
    if (!message.count || message.segments[0].size < sizeof(header))
      return -kInvalid;
    __builtin_memcpy(&header, message.segments[0].base, sizeof(header));
    if (header.type != kGetLink && header.type != kGetAddress)
      return -kNotSupported;
    asked = static_cast<MessageType>(header.type);
    sequence = header.sequence;
    next = 1;
    changed();
    return static_cast<long>(message.size());
  }

  long receive(Message &message, std::uint32_t flags) override {
    if (long failed =
            waitUntil([&] { return next != 0; }, flags, receiveTimeout))
      return failed;
    message.nameLength = 0;
    message.controlLength = 0;
    if (!message.count)
      return -kInvalid;
    Writer to(message.segments[0].base, message.segments[0].size);
    netif *interface = netif_get_by_index(next);
    if (!interface) {
      to.begin(kDone, sequence);
      to.add(std::uint32_t{0});
      to.end();
    } else if (asked == kGetLink) {
      writeLink(to, *interface, sequence);
    } else {
      writeAddresses(to, *interface, sequence);
    }
    if (to.isFull)
      return -kMessageTooLong;
    long size = to.at - message.segments[0].base;
    if (!(flags & kPeek))
      next = interface ? static_cast<std::uint8_t>(next + 1) : 0;
    // An interface without addresses: the next one, or the end.
    return size ? size : receive(message, flags);
  }

  long localName(SocketName &name) override {
    constexpr std::uint32_t kSize = 12; // struct sockaddr_nl
    name.setFamily(Family::Netlink);
    name.length = kSize;
    return 0;
  }
  long peerName(SocketName &name) override { return localName(name); }
  std::uint32_t readiness() override {
    return kWritable | (next ? kReadable : 0u);
  }
  void release() override { memory::destroy(this); }

private:
  MessageType asked = kDone;
  std::uint32_t sequence = 0;
  std::uint8_t next = 0; ///< the index that is next; 0: nothing was asked
};

} // namespace

Socket *posix::makeNetlinkSocket(SocketType type) {
  return memory::make<NetlinkSocket>(type);
}
