// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Options of TCP sockets (tcp(7)).
#include "libos/net/net.h"
#include "libos/posix/tcp.h"

#include <lwip/ip.h>
#include <lwip/priv/tcp_priv.h>

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
  kInfo = 11,
  kQuickAck = 12,
  kCongestion = 13,
  kUserTimeout = 18,
};

/// Linux's name, with room as getsockopt() gives it (TCP_CA_NAME_MAX), for what lwIP
/// does (RFC 5681).
constexpr char kAlgorithm[16] = "reno";

/// struct tcp_info (linux/tcp.h) up to tcpi_total_retrans: times in microseconds,
/// what is under way in segments. What lwIP does not know is 0, as how often a
/// connection has sent something again in all.
struct TcpInfo {
  std::uint8_t state;
  std::uint8_t recovery;
  std::uint8_t retransmits, probes, backoff;
  std::uint8_t options;
  std::uint8_t scales; ///< of what is sent, and of what is received above it
  std::uint8_t flags;
  std::uint32_t timeout, ackTimeout;
  std::uint32_t sendSegment, receiveSegment;
  std::uint32_t unacked, sacked, lost, retransmitted, forwardAcked;
  std::uint32_t lastTimes[4];
  std::uint32_t pathMtu;
  std::uint32_t receiveThreshold;
  std::uint32_t roundTrip, variance;
  std::uint32_t sendThreshold, sendWindow;
  std::uint32_t advertisedSegment;
  std::uint32_t reordering;
  std::uint32_t receiveRoundTrip, receiveSpace;
  std::uint32_t totalRetransmitted;
};
static_assert(sizeof(TcpInfo) == 104);

TcpInfo informationOf(const tcp_pcb *pcb) {
  // TCP_CLOSE, TCP_LISTEN, … in the order of lwIP's states.
  constexpr std::uint8_t kStates[] = {7, 10, 2, 3, 1, 4, 5, 8, 11, 9, 6};
  constexpr std::uint8_t kHasSack = 2, kHasScale = 4; // TCPI_OPT_SACK, …
  constexpr std::uint32_t kTick = TCP_SLOW_INTERVAL * 1000;
  TcpInfo info = {};
  info.state = kStates[pcb ? pcb->state : CLOSED];
  if (!pcb || pcb->state == LISTEN)
    return info;
  info.retransmits = info.backoff = pcb->nrtx;
  info.probes = pcb->persist_probe;
  if (pcb->flags & TF_SACK)
    info.options |= kHasSack;
  if (pcb->flags & TF_WND_SCALE)
    info.options |= kHasScale;
  info.scales = static_cast<std::uint8_t>(pcb->snd_scale | pcb->rcv_scale << 4);
  info.timeout = kTick * static_cast<std::uint32_t>(pcb->rto);
  info.sendSegment = info.receiveSegment = info.advertisedSegment = pcb->mss;
  for (const tcp_seg *segment = pcb->unacked; segment; segment = segment->next)
    ++info.unacked;
  // lwIP has them times 8 and 4.
  info.roundTrip = kTick * static_cast<std::uint32_t>(pcb->sa) / 8;
  info.variance = kTick * static_cast<std::uint32_t>(pcb->sv) / 4;
  info.sendThreshold = pcb->ssthresh / pcb->mss;
  info.sendWindow = pcb->cwnd / pcb->mss;
  info.receiveSpace = pcb->rcv_wnd;
  return info;
}

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
  if (option == kCongestion) {
    char name[sizeof(kAlgorithm)] = {};
    __builtin_memcpy(name, value,
                     size < sizeof(name) ? size : sizeof(name) - 1);
    return __builtin_strcmp(name, kAlgorithm) == 0 ? 0 : -kNoEntry;
  }
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
  case kInfo: {
    TcpInfo info = informationOf(pcb);
    return giveOption(&info, sizeof(info), value, size);
  }
  case kCongestion:
    return giveOption(kAlgorithm, sizeof(kAlgorithm), value, size);
  case kDeferAccept:
  case kQuickAck:
  case kSynCount:
  case kUserTimeout:
    break;
  default:
    return Socket::getOption(level, option, value, size);
  }
  return giveOption(&number, sizeof(number), value, size);
}
