// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Options of TCP sockets (tcp(7)).
#include "libos/net/net.h"
#include "libos/posix/tcp.h"

#include <lwip/ip.h>

using namespace ampoule;
using namespace ampoule::posix;

namespace {

enum TcpOption : long { // TCP_NODELAY, …
  kNoDelay = 1,
  kSegment = 2,
  kCork = 3,
  kKeepIdle = 4,
  kKeepInterval = 5,
  kKeepCount = 6,
  kSynCount = 7,
  kDeferAccept = 9,
  kQuickAck = 12,
  kUserTimeout = 18,
};

} // namespace

void TcpSocket::apply() {
  if (!pcb)
    return;
  applyTo(reinterpret_cast<ip_pcb *>(pcb));
  if (pcb->state == LISTEN)
    return;
  constexpr std::uint32_t kMillisecondsPerSecond = 1000;
  pcb->keep_idle = keepIdle * kMillisecondsPerSecond;
  pcb->keep_intvl = keepInterval * kMillisecondsPerSecond;
  pcb->keep_cnt = keepCount;
  if (isUndelayed)
    tcp_nagle_disable(pcb);
  else
    tcp_nagle_enable(pcb);
}

void TcpSocket::inherit(const TcpSocket &listener) {
  canReuse = listener.canReuse;
  isReusePort = listener.isReusePort;
  isKeptAlive = listener.isKeptAlive;
  lingers = listener.lingers;
  lingerSeconds = listener.lingerSeconds;
  receiveRoom = listener.receiveRoom;
  sendRoom = listener.sendRoom;
  receiveTimeout = listener.receiveTimeout;
  sendTimeout = listener.sendTimeout;
  isOnlyV6 = listener.isOnlyV6;
  timeToLive = listener.timeToLive;
  service = listener.service;
  isUndelayed = listener.isUndelayed;
  keepIdle = listener.keepIdle;
  keepInterval = listener.keepInterval;
  keepCount = listener.keepCount;
}

long TcpSocket::setOption(long level, long option, const void *value,
                          std::uint32_t size) {
  if (level != kTcp)
    return InetSocket::setOption(level, option, value, size);
  std::int32_t number;
  if (size < sizeof(number))
    return -kInvalid;
  __builtin_memcpy(&number, value, sizeof(number));
  auto setWithin = [&](std::uint32_t &field, std::int32_t most) -> long {
    if (number < 1 || number > most)
      return -kInvalid;
    field = static_cast<std::uint32_t>(number);
    return 0;
  };
  long result = 0;
  constexpr std::int32_t kMostSeconds = 32767, kMostProbes = 127;
  switch (option) {
  case kNoDelay:
    isUndelayed = number;
    break;
  case kCork:
    isCorked = number;
    break;
  case kKeepIdle:
    result = setWithin(keepIdle, kMostSeconds);
    break;
  case kKeepInterval:
    result = setWithin(keepInterval, kMostSeconds);
    break;
  case kKeepCount:
    result = setWithin(keepCount, kMostProbes);
    break;
  // Hints, which may be ignored.
  case kDeferAccept:
  case kQuickAck:
  case kSynCount:
  case kUserTimeout:
  case kSegment:
    return 0;
  default:
    return Socket::setOption(level, option, value, size);
  }
  apply();
  if (pcb && state == State::Open && (isUndelayed || !isCorked)) {
    tcp_output(pcb);
    net::settle();
  }
  return result;
}

long TcpSocket::getOption(long level, long option, void *value,
                          std::uint32_t &size) {
  if (level != kTcp)
    return InetSocket::getOption(level, option, value, size);
  std::uint32_t number = 0;
  switch (option) {
  case kNoDelay:
    number = isUndelayed;
    break;
  case kSegment:
    number = pcb && state == State::Open ? tcp_mss(pcb) : TCP_MSS;
    break;
  case kCork:
    number = isCorked;
    break;
  case kKeepIdle:
    number = keepIdle;
    break;
  case kKeepInterval:
    number = keepInterval;
    break;
  case kKeepCount:
    number = keepCount;
    break;
  case kDeferAccept:
  case kQuickAck:
  case kSynCount:
  case kUserTimeout:
    break;
  default:
    return Socket::getOption(level, option, value, size);
  }
  size = size < sizeof(number) ? size : sizeof(number);
  __builtin_memcpy(value, &number, size);
  return 0;
}
