// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// setsockopt() and getsockopt(): what all sockets have (SOL_SOCKET). The rest
// is the kinds' own.
#include "libos/posix/node.h"
#include "libos/posix/socket.h"

using namespace ampoule;
using namespace ampoule::posix;

namespace {

constexpr long kSocketLevel = 1; // SOL_SOCKET

enum SocketOption : long { // SO_DEBUG, …
  kReuseAddress = 2,
  kType = 3,
  kError = 4,
  kDoNotRoute = 5,
  kBroadcast = 6,
  kSendBuffer = 7,
  kReceiveBuffer = 8,
  kKeepAlive = 9,
  kUrgentInline = 10,
  kPriority = 12,
  kLinger = 13,
  kReusePort = 15,
  kPeerCredentials = 17,
  kReceiveLowWater = 18,
  kReceiveTimeout = 20,
  kSendTimeout = 21,
  kAcceptsConnections = 30,
  kSendBufferForce = 32,
  kReceiveBufferForce = 33,
  kProtocol = 38,
  kDomain = 39,
};

constexpr std::uint32_t kLeastRoom = 2304, kMostRoom = 8u << 20;

std::uint32_t roomFor(std::int32_t wanted) {
  auto size = static_cast<std::uint32_t>(wanted < 0 ? 0 : wanted);
  size = size > kMostRoom / 2 ? kMostRoom / 2 : size;
  // As Linux (socket(7)): twice as much, for what surrounds the data.
  return size * 2 < kLeastRoom ? kLeastRoom : size * 2;
}

long refuseToSet(long option) {
  static constinit bool said = false;
  __ampoule_refused("setsockopt", static_cast<unsigned long>(option), &said);
  return -kNoProtocolOption;
}

long refuseToGet(long option) {
  static constinit bool said = false;
  __ampoule_refused("getsockopt", static_cast<unsigned long>(option), &said);
  return -kNoProtocolOption;
}

/// struct timeval
long setTimeout(std::uint64_t &timeout, const void *value, std::uint32_t size) {
  constexpr std::int64_t kMicrosecond = 1000, kMost = 1'000'000;
  constexpr std::int64_t kDomainError = 33; // EDOM
  std::int64_t time[2];
  if (size < sizeof(time))
    return -kInvalid;
  __builtin_memcpy(time, value, sizeof(time));
  if (time[1] < 0 || time[1] >= kMost)
    return -kDomainError;
  timeout = time[0] < 0 ? 0 : nanoseconds({time[0], time[1] * kMicrosecond});
  return 0;
}

long setCommon(Socket &socket, long option, const void *value,
               std::uint32_t size) {
  if (option == kReceiveTimeout)
    return setTimeout(socket.receiveTimeout, value, size);
  if (option == kSendTimeout)
    return setTimeout(socket.sendTimeout, value, size);
  std::int32_t number[2] = {};
  if (size < sizeof(number[0]))
    return -kInvalid;
  __builtin_memcpy(number, value,
                   size < sizeof(number) ? size : sizeof(number));
  switch (option) {
  case kReuseAddress:
    socket.canReuse = number[0];
    break;
  case kReusePort:
    socket.isReusePort = number[0];
    break;
  case kBroadcast:
    socket.canBroadcast = number[0];
    break;
  case kKeepAlive:
    socket.isKeptAlive = number[0];
    break;
  case kLinger:
    if (size < sizeof(number))
      return -kInvalid;
    socket.lingers = number[0];
    socket.lingerSeconds = number[1];
    break;
  case kSendBuffer:
  case kSendBufferForce:
    socket.sendRoom = roomFor(number[0]);
    break;
  case kReceiveBuffer:
  case kReceiveBufferForce:
    socket.receiveRoom = roomFor(number[0]);
    break;
  // Nothing here has another way.
  case kDoNotRoute:
  case kPriority:
  case kUrgentInline:
  case kReceiveLowWater:
    return 0;
  default:
    return refuseToSet(option);
  }
  socket.apply();
  return 0;
}

/// struct ucred of who connected, or listens (unix(7)).
long givePeer(Socket &socket, void *value, std::uint32_t &size) {
  SocketName name;
  bool isKnown = socket.family == Family::Unix &&
                 (socket.isListening || socket.peerName(name) == 0);
  std::uint32_t ids[] = {0, ~0u, ~0u};
  if (isKnown) {
    ids[0] = 1; // the one process
    ids[1] = effectiveUser();
    ids[2] = effectiveGroup();
  }
  return giveOption(ids, sizeof(ids), value, size);
}

long getCommon(Socket &socket, long option, void *value, std::uint32_t &size) {
  std::int64_t result = 0;
  std::uint32_t length = sizeof(std::int32_t);
  auto timeout = [&](std::uint64_t time) {
    constexpr std::uint64_t kMicrosecond = 1000;
    const std::uint64_t words[2] = {time / kNanosecondsPerSecond,
                                    time % kNanosecondsPerSecond /
                                        kMicrosecond};
    return giveOption(words, sizeof(words), value, size);
  };
  switch (option) {
  case kReuseAddress:
    result = socket.canReuse;
    break;
  case kReusePort:
    result = socket.isReusePort;
    break;
  case kType:
    result = static_cast<std::int64_t>(socket.type);
    break;
  case kError:
    result = -socket.takeError();
    break;
  case kBroadcast:
    result = socket.canBroadcast;
    break;
  case kSendBuffer:
    result = socket.sendRoom;
    break;
  case kReceiveBuffer:
    result = socket.receiveRoom;
    break;
  case kKeepAlive:
    result = socket.isKeptAlive;
    break;
  case kLinger:
    result = socket.lingers | std::int64_t{socket.lingerSeconds} << 32;
    length = sizeof(result);
    break;
  case kReceiveTimeout:
    return timeout(socket.receiveTimeout);
  case kSendTimeout:
    return timeout(socket.sendTimeout);
  case kPeerCredentials:
    return givePeer(socket, value, size);
  case kAcceptsConnections:
    result = socket.isListening;
    break;
  case kProtocol:
    result = socket.protocol;
    break;
  case kDomain:
    result = static_cast<std::int64_t>(socket.family);
    break;
  case kReceiveLowWater:
    result = 1;
    break;
  case kDoNotRoute:
  case kPriority:
  case kUrgentInline:
    break;
  default:
    return refuseToGet(option);
  }
  return giveOption(&result, length, value, size);
}

} // namespace

long posix::giveOption(const void *from, std::uint32_t count, void *value,
                       std::uint32_t &size) {
  size = size < count ? size : count;
  __builtin_memcpy(value, from, size);
  return 0;
}

long Socket::setOption(long, long option, const void *, std::uint32_t) {
  return refuseToSet(option);
}

long Socket::getOption(long, long option, void *, std::uint32_t &) {
  return refuseToGet(option);
}

AMPOULE_SYSCALL(setsockopt, long fd, std::int32_t level, std::int32_t option,
                const void *value, std::uint32_t size) {
  return withSocket(fd, [&](Socket &socket) {
    return level == kSocketLevel ? setCommon(socket, option, value, size)
                                 : socket.setOption(level, option, value, size);
  });
}

AMPOULE_SYSCALL(getsockopt, long fd, std::int32_t level, std::int32_t option,
                void *value, std::uint32_t *size) {
  return withSocket(fd, [&](Socket &socket) {
    return level == kSocketLevel
               ? getCommon(socket, option, value, *size)
               : socket.getOption(level, option, value, *size);
  });
}

// With what the kinds of sockets have: tcp(7), ip(7), ipv6(7).
AMPOULE_SUPPORTS_EACH(setsockopt, 2, "option", 1, "level",
                      {1, {2, 5, 6, 7, 8, 9, 10, 12, 13, 15, 18, 20, 21, 32,
                           33}},
                      {6, {1, 2, 3, 4, 5, 6, 7, 9, 12, 13, 18}},
                      {0, {1, 2, 8, 10, 32, 33, 34, 35, 36}},
                      {41, {16, 17, 18, 19, 20, 21, 23, 26, 49, 67}});
AMPOULE_SUPPORTS_EACH(getsockopt, 2, "option", 1, "level",
                      {1, {2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 13, 15, 17, 18, 20,
                           21, 30, 38, 39}},
                      {6, {1, 2, 3, 4, 5, 6, 7, 9, 11, 12, 13, 18}},
                      {0, {1, 2, 8, 33, 34}},
                      {41, {16, 18, 19, 26, 49, 67}});
