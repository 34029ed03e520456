// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Stream sockets over TCP: tcp.cpp what they do, tcp-options.cpp their options.
#pragma once

#include "libos/posix/inet.h"

#include <lwip/tcp.h>

namespace ampoule::posix {

class TcpSocket final : public InetSocket {
public:
  explicit TcpSocket(Family family)
      : InetSocket(family, SocketType::Stream, kTcp) {}

  long bind(const SocketName &name) override;
  long connect(const SocketName &name) override;
  long listen(long backlog) override;
  long accept(Socket *&connection, SocketName &peer) override;
  long send(const Message &message, std::uint32_t flags) override;
  long receive(Message &message, std::uint32_t flags) override;
  long shutDown(std::uint32_t how) override;
  long localName(SocketName &name) override;
  long peerName(SocketName &name) override;
  void apply() override;
  long setOption(long level, long option, const void *value,
                 std::uint32_t size) override;
  long getOption(long level, long option, void *value,
                 std::uint32_t &size) override;
  std::uint32_t readiness() override;
  long available() override;
  void release() override;

private:
  static constexpr std::uint16_t kTcp = 6;
  enum class State : std::uint8_t {
    Idle,
    Listening,
    Connecting,
    Failed, ///< to connect
    Open,
    Over,
  };

  void attach(tcp_pcb *block);
  /// lwIP does not call us any more.
  void detach();
  void onData(pbuf *data); ///< null: the other end will send no more
  void onSent();
  void onEnd(err_t why);
  long onConnection(tcp_pcb *block);

  bool ensureBlock();
  long bindTo(const Endpoint &endpoint);
  void rememberNames();
  void inherit(const TcpSocket &listener);
  void stopListening();
  bool hasRoom() const;
  long waitForRoom(std::uint32_t flags);
  /// How much was taken; 0: no room.
  long enqueue(const char *from, std::size_t size, bool isMore);
  /// Copies what was received to behind the first `from` bytes of a message.
  std::size_t copyOut(const Message &message, std::size_t from, bool isPeek);
  void dropFirst();
  /// There is room for so much again.
  void tellRead(std::size_t count);

  tcp_pcb *pcb = nullptr; ///< null: none yet, or no more
  State state = State::Idle;
  bool isReadOver = false, isReadShut = false, isWriteShut = false;
  bool isToldOpen = false; ///< connect() has said so
  bool wantsRoom = false;  ///< somebody was told that there is none
  bool isCorked = false, isUndelayed = false; ///< TCP_CORK, TCP_NODELAY
  std::uint32_t keepIdle = 7200, keepInterval = 75, keepCount = 9; ///< seconds
  Endpoint local = {}, peer = {}; ///< port 0: none

  // What was received: pbufs linked by `next`, whose total lengths do not
  // count.
  pbuf *first = nullptr, *last = nullptr;
  std::size_t consumed = 0; ///< of the first
  std::size_t received = 0;

  // A listener's connections that nobody has accepted yet.
  TcpSocket *firstPending = nullptr, *lastPending = nullptr;
  TcpSocket *nextPending = nullptr;
};

} // namespace ampoule::posix
