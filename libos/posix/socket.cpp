// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The system calls of sockets; what each kind does is the kind's own.
#include "libos/posix/socket.h"

#include "libos/abi/config.h"
#include "libos/net/net.h"
#include "libos/time/time.h"

using namespace ampoule;
using namespace ampoule::posix;

Family SocketName::family() const {
  return length < sizeof(Family) ? Family::Unspecified : as<Family>();
}

void SocketName::setFamily(Family family) { as<Family>() = family; }

std::size_t Message::size() const {
  std::size_t result = 0;
  for (std::size_t i = 0; i != count; ++i)
    result += segments[i].size;
  return result;
}

std::uint64_t posix::deadlineOf(std::uint64_t timeout) {
  return timeout ? later(time::monotonic(), timeout) : threads::kForever;
}

long Socket::waitUntil(Condition isDone, std::uint32_t flags,
                       std::uint64_t timeout) {
  if (isDone())
    return 0;
  if (!mayWait(flags))
    return -kTryAgain;
  long result = waitFor(waiting, isDone, deadlineOf(timeout));
  return result == -kTimedOut ? -kTryAgain : result;
}

long Socket::takeError() {
  long result = -error;
  error = 0;
  return result;
}

long Socket::brokenPipe(std::uint32_t flags) {
  if (!(flags & kNoSignal))
    postSignal({.signal = kSigPipe, .code = kFromKernel}, &threads::self());
  return -kBrokenPipe;
}

long Socket::listen(long) { return -kNotSupported; }
long Socket::accept(Socket *&, SocketName &) { return -kNotSupported; }
long Socket::shutDown(std::uint32_t) { return -kNotConnected; }

long Socket::read(char *buffer, std::size_t size) {
  Segment segment = {buffer, size};
  return readAll(&segment, 1);
}

long Socket::write(const char *buffer, std::size_t size) {
  Segment segment = {const_cast<char *>(buffer), size};
  return writeAll(&segment, 1);
}

long Socket::readAll(const Segment *segments, long count) {
  Message message = {.segments = segments,
                     .count = static_cast<std::size_t>(count)};
  return receive(message, 0);
}

long Socket::writeAll(const Segment *segments, long count) {
  Message message = {.segments = segments,
                     .count = static_cast<std::size_t>(count)};
  return send(message, 0);
}

Socket *posix::socketOf(long fd, long &error) {
  File *file = fileOf(fd);
  if (file && file->kind == File::Kind::Socket)
    return static_cast<Socket *>(file);
  error = file ? -kNotSocket : -kBadDescriptor;
  return nullptr;
}

namespace {

long take(const void *bytes, std::uint32_t length, SocketName &result) {
  if (length > SocketName::kLongest)
    return -kInvalid;
  if (length && !bytes)
    return -kFault;
  __builtin_memcpy(result.bytes, bytes, length);
  result.length = length;
  return 0;
}

/// As much as there is room for; the length is what there would be.
void give(const SocketName &name, void *bytes, std::uint32_t *length) {
  if (!bytes || !length)
    return;
  __builtin_memcpy(bytes, name.bytes,
                   name.length < *length ? name.length : *length);
  *length = name.length;
}

long makeInet(Family family, SocketType type, std::uint32_t protocol,
              Socket *&result) {
  constexpr std::uint32_t kTcp = 6, kUdp = 17; // IPPROTO_TCP, IPPROTO_UDP
  bool isStream = type == SocketType::Stream;
  if (!isStream && type != SocketType::Datagram)
    return -kNoSocketType;
  if (protocol && protocol != (isStream ? kTcp : kUdp))
    return -kNoProtocol;
  result = isStream ? makeTcpSocket(family) : makeUdpSocket(family);
  return result ? 0 : -kNoBuffers;
}

long makeUnix(SocketType type, std::uint32_t protocol, Socket *&result) {
  if (type != SocketType::Stream && type != SocketType::Datagram &&
      type != SocketType::Packets)
    return -kNoSocketType;
  if (protocol > 1) // PF_UNIX
    return -kNoProtocol;
  result = makeUnixSocket(type);
  return result ? 0 : -kNoBuffers;
}

long make(Family family, SocketType type, std::uint32_t protocol,
          Socket *&result) {
  switch (family) {
  case Family::Inet6:
    if (!ampoule_config_ipv6)
      return -kNoFamily;
    ampoule_use_ipv6();
    [[fallthrough]];
  case Family::Inet:
    return makeInet(family, type, protocol, result);
  case Family::Unix:
    return makeUnix(type, protocol, result);
  case Family::Netlink:
    if (protocol != 0) // NETLINK_ROUTE
      return -kNoProtocol;
    result = makeNetlinkSocket(type);
    return result ? 0 : -kNoBuffers;
  default:
    return -kNoFamily;
  }
}

constexpr std::uint32_t kTypeFlags = kNonBlocking | kCloseOnExec;

long installSocket(Socket &socket, std::uint32_t flags) {
  socket.flags |= flags & kNonBlocking;
  return install(socket, flags);
}

long acceptFrom(long fd, void *bytes, std::uint32_t *length,
                std::uint32_t flags) {
  if (flags & ~kTypeFlags)
    return -kInvalid;
  return withSocket(fd, [&](Socket &socket) -> long {
    Socket *connection = nullptr;
    SocketName peer;
    if (long error = socket.accept(connection, peer))
      return error;
    long result = installSocket(*connection, flags);
    if (result >= 0)
      give(peer, bytes, length);
    return result;
  });
}

} // namespace

AMPOULE_SUPPORTS(socket, 0, "domain", 1, 2, 10, 16);
AMPOULE_SYSCALL(socket, std::uint32_t domain, std::uint32_t type,
                std::uint32_t protocol) {
  Socket *socket = nullptr;
  if (long error =
          make(static_cast<Family>(domain),
               static_cast<SocketType>(type & ~kTypeFlags), protocol, socket))
    return error;
  return installSocket(*socket, type);
}

AMPOULE_SYSCALL(bind, long fd, const void *bytes, std::uint32_t length) {
  return withSocket(fd, [&](Socket &socket) {
    SocketName name;
    long error = take(bytes, length, name);
    return error ? error : socket.bind(name);
  });
}

AMPOULE_SYSCALL(connect, long fd, const void *bytes, std::uint32_t length) {
  return withSocket(fd, [&](Socket &socket) {
    SocketName name;
    long error = take(bytes, length, name);
    return error ? error : socket.connect(name);
  });
}

AMPOULE_SYSCALL(listen, long fd, std::int32_t backlog) {
  return withSocket(fd, [&](Socket &socket) { return socket.listen(backlog); });
}

AMPOULE_SYSCALL(accept, long fd, void *bytes, std::uint32_t *length) {
  return acceptFrom(fd, bytes, length, 0);
}

AMPOULE_SYSCALL(accept4, long fd, void *bytes, std::uint32_t *length,
                std::uint32_t flags) {
  return acceptFrom(fd, bytes, length, flags);
}

AMPOULE_SYSCALL(shutdown, long fd, std::int32_t how) {
  if (how < 0 || how > 2)
    return -kInvalid;
  return withSocket(fd, [&](Socket &socket) {
    return socket.shutDown(static_cast<std::uint32_t>(how) + 1);
  });
}

AMPOULE_SYSCALL(sendto, long fd, char *buffer, std::size_t size,
                std::uint32_t flags, void *bytes, std::uint32_t length) {
  return withSocket(fd, [&](Socket &socket) {
    Segment segment = {buffer, size};
    Message message = {.name = bytes,
                       .nameLength = bytes ? length : 0,
                       .segments = &segment,
                       .count = 1};
    return socket.send(message, flags);
  });
}

AMPOULE_SYSCALL(recvfrom, long fd, char *buffer, std::size_t size,
                std::uint32_t flags, void *bytes, std::uint32_t *length) {
  return withSocket(fd, [&](Socket &socket) {
    Segment segment = {buffer, size};
    Message message = {.name = length ? bytes : nullptr,
                       .nameLength = length ? *length : 0,
                       .segments = &segment,
                       .count = 1};
    long result = socket.receive(message, flags);
    if (result >= 0 && length && bytes)
      *length = message.nameLength;
    return result;
  });
}

AMPOULE_SYSCALL(sendmsg, long fd, const Message *message, std::uint32_t flags) {
  if (message->count > kMaxSegments)
    return -kMessageTooLong;
  return withSocket(
      fd, [&](Socket &socket) { return socket.send(*message, flags); });
}

AMPOULE_SYSCALL(recvmsg, long fd, Message *message, std::uint32_t flags) {
  if (message->count > kMaxSegments)
    return -kMessageTooLong;
  return withSocket(fd, [&](Socket &socket) {
    message->flags = 0;
    return socket.receive(*message, flags);
  });
}

AMPOULE_SYSCALL(getsockname, long fd, void *bytes, std::uint32_t *length) {
  return withSocket(fd, [&](Socket &socket) {
    SocketName name;
    long error = socket.localName(name);
    if (!error)
      give(name, bytes, length);
    return error;
  });
}

AMPOULE_SYSCALL(getpeername, long fd, void *bytes, std::uint32_t *length) {
  return withSocket(fd, [&](Socket &socket) {
    SocketName name;
    long error = socket.peerName(name);
    if (!error)
      give(name, bytes, length);
    return error;
  });
}
