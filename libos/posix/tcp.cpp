// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Stream sockets: a protocol control block of lwIP (pcb), and what it received.
//
//   socket() ─▶ Idle ─ connect ─▶ Connecting ─▶ Open ─▶ Over
//                  └── listen ──▶ Listening ─ accept: another socket, Open
//
// lwIP frees a pcb by itself when the connection is over, and says so unless
// both ends closed in good order (leave()). From then on there is only what was
// received.
#include "libos/posix/tcp.h"

#include "libos/memory/objects.h"
#include "libos/net/net.h"

#include <lwip/priv/tcp_priv.h>

using namespace ampoule;
using namespace ampoule::posix;

Socket *posix::makeTcpSocket(Family family) {
  return memory::make<TcpSocket>(family);
}

// What lwIP calls ---------------------------------------------------------

void TcpSocket::attach(tcp_pcb *block) {
  pcb = block;
  tcp_arg(pcb, this);
  tcp_recv(pcb, [](void *socket, tcp_pcb *, pbuf *data, err_t) -> err_t {
    static_cast<TcpSocket *>(socket)->onData(data);
    return ERR_OK;
  });
  tcp_sent(pcb, [](void *socket, tcp_pcb *, std::uint16_t) -> err_t {
    static_cast<TcpSocket *>(socket)->onSent();
    return ERR_OK;
  });
  tcp_err(pcb, [](void *socket, err_t why) {
    static_cast<TcpSocket *>(socket)->onEnd(why);
  });
  apply();
}

void TcpSocket::detach() {
  tcp_arg(pcb, nullptr);
  if (pcb->state != LISTEN) {
    tcp_recv(pcb, nullptr);
    tcp_sent(pcb, nullptr);
    tcp_err(pcb, nullptr);
  }
  pcb = nullptr;
}

void TcpSocket::onData(pbuf *data) {
  if (data) {
    (last ? last->next : first) = data;
    for (last = data; last->next;)
      last = last->next;
    received += data->tot_len;
  } else {
    isReadOver = true;
    // Both ends have closed: what is left is lwIP's alone, and it will not tell
    // when it is done.
    if (pcb->state != CLOSE_WAIT) {
      state = State::Over;
      detach();
    }
  }
  changed();
}

void TcpSocket::onSent() {
  // Only those who wait for room are told.
  if (!wantsRoom || !hasRoom())
    return;
  wantsRoom = false;
  changed();
}

void TcpSocket::onEnd(err_t why) {
  pcb = nullptr;
  if (why == ERR_RST)
    error = state == State::Connecting ? kConnectionRefused
            : isReadOver               ? kBrokenPipe
                                       : kConnectionReset;
  else if (why != ERR_CLSD)
    error = kTimedOut;
  state = state == State::Connecting ? State::Failed : State::Over;
  changed();
}

long TcpSocket::onConnection(tcp_pcb *block) {
  auto *socket = memory::make<TcpSocket>(family);
  if (!socket)
    return ERR_MEM;
  socket->inherit(*this);
  socket->state = State::Open;
  socket->attach(block);
  socket->rememberNames();
  tcp_backlog_delayed(block);
  (lastPending ? lastPending->nextPending : firstPending) = socket;
  lastPending = socket;
  changed();
  return ERR_OK;
}

// ---------------------------------------------------------------------------

void TcpSocket::rememberNames() {
  local = {pcb->local_ip, pcb->local_port};
  peer = {pcb->remote_ip, pcb->remote_port};
}

bool TcpSocket::ensureBlock() {
  if (pcb)
    return true;
  ip_addr_t any = anyAddress();
  tcp_pcb *block = tcp_new_ip_type(IP_GET_TYPE(&any));
  if (block)
    attach(block);
  return block;
}

long TcpSocket::bind(const SocketName &name) {
  Endpoint endpoint;
  if (long failed = endpointOf(name, family, endpoint))
    return failed;
  if (state != State::Idle || local.port)
    return -kInvalid;
  if (!isOurs(endpoint.address))
    return -kNoAddress;
  if (ip_addr_isany_val(endpoint.address) && family == Family::Inet6)
    endpoint.address = anyAddress();
  return bindTo(endpoint);
}

long TcpSocket::bindTo(const Endpoint &endpoint) {
  if (!ensureBlock())
    return -kNoBuffers;
  // That two may listen if both can be reused is lwIP's view, not Linux's.
  for (tcp_pcb_listen *other = tcp_listen_pcbs.listen_pcbs; other;
       other = other->next)
    if (endpoint.port && other->local_port == endpoint.port &&
        (ip_addr_isany_val(other->local_ip) ||
         ip_addr_isany_val(endpoint.address) ||
         ip_addr_eq(&other->local_ip, &endpoint.address)) &&
        IP_IS_V6_VAL(other->local_ip) == IP_IS_V6_VAL(endpoint.address))
      return -kAddressInUse;
  if (err_t failed = tcp_bind(pcb, &endpoint.address, endpoint.port))
    return failed == ERR_BUF ? -kAddressInUse : errnoOf(failed);
  local = {pcb->local_ip, pcb->local_port};
  return 0;
}

long TcpSocket::listen(long backlog) {
  constexpr long kMost = 4096; // Linux's somaxconn
  auto pending =
      static_cast<std::uint16_t>(backlog < 0 || backlog > kMost ? kMost
                                 : backlog == 0                 ? 1
                                                                : backlog);
  if (state == State::Listening) {
    tcp_backlog_set(reinterpret_cast<tcp_pcb_listen *>(pcb), pending);
    return 0;
  }
  if (state != State::Idle)
    return -kInvalid;
  if (!local.port)
    if (long failed = bindTo({anyAddress(), 0}))
      return failed;
  err_t failed;
  tcp_pcb *block =
      tcp_listen_with_backlog_and_err(pcb, TCP_DEFAULT_LISTEN_BACKLOG, &failed);
  if (!block)
    return errnoOf(failed);
  pcb = block;
  tcp_backlog_set(pcb, pending);
  tcp_accept(pcb, [](void *socket, tcp_pcb *block, err_t failed) -> err_t {
    if (!block || failed)
      return ERR_VAL;
    return static_cast<err_t>(
        static_cast<TcpSocket *>(socket)->onConnection(block));
  });
  state = State::Listening;
  isListening = true;
  return 0;
}

long TcpSocket::accept(Socket *&connection, SocketName &name) {
  if (state != State::Listening)
    return -kInvalid;
  if (long failed =
          waitUntil([&] { return firstPending || state != State::Listening; },
                    0, receiveTimeout))
    return failed;
  TcpSocket *socket = firstPending;
  if (!socket)
    return -kInvalid; // shut down while we waited
  firstPending = socket->nextPending;
  if (!firstPending)
    lastPending = nullptr;
  if (socket->pcb)
    tcp_backlog_accepted(socket->pcb);
  connection = socket;
  nameOf(socket->peer, family, name);
  return 0;
}

long TcpSocket::connect(const SocketName &name) {
  if (name.family() == Family::Unspecified && state == State::Idle)
    return 0;
  Endpoint to;
  if (long failed = endpointOf(name, family, to))
    return failed;
  switch (state) {
  case State::Idle:
    break;
  case State::Connecting:
    return -kAlready;
  case State::Failed:
    state = State::Idle;
    local.port = 0;
    if (error)
      return takeError();
    break;
  case State::Open:
    // The first to ask after EINPROGRESS is told that it worked.
    if (!isToldOpen) {
      isToldOpen = true;
      return 0;
    }
    return -kIsConnected;
  default:
    return -kIsConnected;
  }
  if (ip_addr_isany_val(to.address))
    to.address = loopback(to.address);
  if (ip_addr_ismulticast(&to.address))
    return -kNetworkUnreachable;
  if (!ensureBlock())
    return -kNoBuffers;
  // A socket for both families now is of one.
  if (ip_addr_isany_val(pcb->local_ip))
    IP_SET_TYPE_VAL(pcb->local_ip, IP_GET_TYPE(&to.address));
  IP_SET_TYPE_VAL(pcb->remote_ip, IP_GET_TYPE(&to.address));
  if (IP_GET_TYPE(&pcb->local_ip) != IP_GET_TYPE(&to.address))
    return -kNetworkUnreachable;
  err_t failed = tcp_connect(pcb, &to.address, to.port,
                             [](void *socket, tcp_pcb *, err_t) -> err_t {
                               auto &self = *static_cast<TcpSocket *>(socket);
                               self.state = State::Open;
                               self.changed();
                               return ERR_OK;
                             });
  if (failed)
    return failed == ERR_BUF ? -kNoAddress : errnoOf(failed);
  state = State::Connecting;
  rememberNames();
  net::settle();
  if (isNonBlocking())
    return -kInProgress;
  isToldOpen = true;
  long result =
      waitUntil([&] { return state != State::Connecting; }, 0, sendTimeout);
  if (result == -kTryAgain || result == -kInterrupted) {
    isToldOpen = false;
    return result == -kTryAgain ? -kInProgress : result;
  }
  if (state != State::Failed)
    return 0;
  state = State::Idle;
  local.port = 0;
  return takeError();
}

bool TcpSocket::hasRoom() const {
  // As Linux (sk_stream_is_writeable): a third must be free.
  return pcb->snd_buf >= TCP_SND_BUF / 3 &&
         pcb->snd_queuelen < TCP_SND_QUEUELEN / 2;
}

long TcpSocket::enqueue(const char *from, std::size_t size, bool isMore) {
  constexpr std::size_t kMostAtOnce = 0xffff;
  std::size_t room = pcb->snd_buf;
  size = size < room ? size : room;
  size = size < kMostAtOnce ? size : kMostAtOnce;
  if (size == 0 || pcb->snd_queuelen + 64u >= TCP_SND_QUEUELEN)
    return 0;
  err_t failed =
      tcp_write(pcb, from, static_cast<std::uint16_t>(size),
                TCP_WRITE_FLAG_COPY | (isMore ? TCP_WRITE_FLAG_MORE : 0));
  if (failed == ERR_OK)
    return static_cast<long>(size);
  // What is on its way will give memory back.
  return failed == ERR_MEM && pcb->snd_queuelen ? 0 : errnoOf(failed);
}

long TcpSocket::waitForRoom(std::uint32_t flags) {
  tcp_output(pcb);
  net::settle();
  wantsRoom = true;
  return waitUntil(
      [&] { return !pcb || state != State::Open || isWriteShut || hasRoom(); },
      flags, sendTimeout);
}

long TcpSocket::send(const Message &message, std::uint32_t flags) {
  if (flags & kUrgent)
    return -kNotSupported;
  if (state == State::Connecting)
    if (long failed = waitUntil([&] { return state != State::Connecting; },
                                flags, sendTimeout))
      return failed;
  std::size_t total = 0, size = message.size();
  auto result = [&](long failed) {
    return total ? static_cast<long>(total) : failed;
  };
  for (std::size_t i = 0; i != message.count; ++i) {
    const Segment &segment = message.segments[i];
    for (std::size_t done = 0; done != segment.size;) {
      if (error)
        return result(takeError());
      if (!pcb || state != State::Open || isWriteShut)
        return total ? static_cast<long>(total) : brokenPipe(flags);
      long written = enqueue(segment.base + done, segment.size - done,
                             total + (segment.size - done) != size);
      if (written < 0)
        return result(written);
      done += static_cast<std::size_t>(written);
      total += static_cast<std::size_t>(written);
      if (!written)
        if (long failed = waitForRoom(flags))
          return result(failed);
    }
  }
  if (size == 0 && (!pcb || state != State::Open || isWriteShut))
    return error ? takeError() : brokenPipe(flags);
  if (pcb && !(flags & kMore) && !isCorked)
    tcp_output(pcb);
  net::settle();
  return static_cast<long>(total);
}

std::size_t TcpSocket::copyOut(const Message &message, std::size_t from,
                               bool isPeek) {
  std::size_t total = 0;
  pbuf *peeked = first;
  std::size_t offset = isPeek ? consumed + from : consumed;
  while (isPeek && peeked && offset >= peeked->len) {
    offset -= peeked->len;
    peeked = peeked->next;
  }
  std::size_t skip = from;
  for (std::size_t i = 0; i != message.count; ++i) {
    const Segment &segment = message.segments[i];
    std::size_t at = skip < segment.size ? skip : segment.size;
    skip -= at;
    while (at != segment.size) {
      pbuf *data = isPeek ? peeked : first;
      if (!data)
        return total;
      std::size_t left = data->len - offset;
      std::size_t size = segment.size - at < left ? segment.size - at : left;
      __builtin_memcpy(segment.base + at,
                       static_cast<char *>(data->payload) + offset, size);
      at += size;
      offset += size;
      total += size;
      if (offset == data->len) {
        offset = 0;
        peeked = data->next;
        if (!isPeek)
          dropFirst();
      }
    }
  }
  if (!isPeek)
    consumed = offset;
  return total;
}

void TcpSocket::dropFirst() {
  pbuf *data = first;
  first = data->next;
  if (!first)
    last = nullptr;
  data->next = nullptr;
  pbuf_free(data);
  consumed = 0;
}

long TcpSocket::receive(Message &message, std::uint32_t flags) {
  if (flags & kUrgent)
    return -kInvalid;
  message.nameLength = 0;
  message.controlLength = 0;
  if (state == State::Idle || state == State::Listening)
    return -kNotConnected;
  std::size_t wanted = message.size(), total = 0;
  std::size_t least = flags & kWaitForAll ? wanted : 1;
  bool isPeek = flags & kPeek;
  while (total < wanted) {
    auto isDone = [&] {
      return received > (isPeek ? total : 0) || isReadOver || isReadShut ||
             error || (state != State::Open && state != State::Connecting);
    };
    long failed = waitUntil(isDone, flags, receiveTimeout);
    if (failed)
      return total ? static_cast<long>(total) : failed;
    std::size_t count = copyOut(message, total, isPeek);
    total += count;
    if (!isPeek)
      tellRead(count);
    if (total >= least)
      break;
    if (count)
      continue;
    if (total == 0 && error)
      return takeError();
    break; // the end
  }
  return static_cast<long>(total);
}

void TcpSocket::tellRead(std::size_t count) {
  constexpr std::size_t kMostAtOnce = 0xffff;
  received -= count;
  if (!pcb || !count)
    return;
  for (std::size_t left = count; left;) {
    std::size_t size = left < kMostAtOnce ? left : kMostAtOnce;
    tcp_recved(pcb, static_cast<std::uint16_t>(size));
    left -= size;
  }
  net::settle();
}

long TcpSocket::shutDown(std::uint32_t how) {
  if (state == State::Listening) {
    if (how & kShutRead)
      stopListening();
    return 0;
  }
  if (state == State::Idle || state == State::Failed)
    return -kNotConnected;
  if (how & kShutRead)
    isReadShut = true;
  if (how & kShutWrite && !isWriteShut) {
    isWriteShut = true;
    if (pcb) {
      bool isLast = isReadOver;
      tcp_shutdown(pcb, /*shut_rx=*/0, /*shut_tx=*/1);
      // LAST_ACK: lwIP tells when it is over. The socket needs no telling.
      if (isLast && pcb) {
        detach();
        state = State::Over;
      }
    }
  }
  net::settle();
  changed();
  return 0;
}

void TcpSocket::stopListening() {
  tcp_pcb *block = pcb;
  detach();
  tcp_close(block);
  while (TcpSocket *socket = firstPending) {
    firstPending = socket->nextPending;
    if (tcp_pcb *connection = socket->pcb) {
      socket->detach();
      tcp_abort(connection);
    }
    socket->release();
  }
  lastPending = nullptr;
  state = State::Idle;
  isListening = false;
  local.port = 0;
  changed();
}

void TcpSocket::release() {
  if (state == State::Listening)
    stopListening();
  if (tcp_pcb *block = pcb) {
    if (lingers && lingerSeconds && !isNonBlocking())
      waitFor(
          waiting, [&] { return !pcb || (!pcb->unsent && !pcb->unacked); },
          deadlineOf(static_cast<std::uint64_t>(lingerSeconds) *
                     kNanosecondsPerSecond));
    if (pcb) {
      detach();
      if (lingers && lingerSeconds == 0)
        tcp_abort(block);
      else
        tcp_close(block);
    }
  }
  while (first)
    dropFirst();
  net::settle();
  memory::destroy(this);
}

std::uint32_t TcpSocket::readiness() {
  std::uint32_t result = error ? kErrorCondition : 0u;
  switch (state) {
  case State::Listening:
    return firstPending ? kReadable : 0u;
  case State::Connecting:
    return 0;
  case State::Idle:
    return result | kWritable | kHangUp;
  case State::Failed:
  case State::Over:
    return result | kReadable | kWritable | kHangUp | kReadHangUp;
  case State::Open:
    break;
  }
  bool isEnd = isReadOver || isReadShut;
  if (received || isEnd || error)
    result |= kReadable;
  if (isEnd)
    result |= kReadHangUp;
  if (isEnd && isWriteShut)
    result |= kHangUp;
  if (!pcb || isWriteShut || hasRoom())
    result |= kWritable;
  else
    wantsRoom = true;
  return result;
}

long TcpSocket::available() {
  return state == State::Listening ? -kInvalid : static_cast<long>(received);
}

long TcpSocket::localName(SocketName &name) {
  nameOf(local.port ? local : Endpoint{anyAddress(), 0}, family, name);
  return 0;
}

long TcpSocket::peerName(SocketName &name) {
  if (state != State::Open && (state != State::Over || error))
    return -kNotConnected;
  nameOf(peer, family, name);
  return 0;
}
