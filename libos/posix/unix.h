// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Unix-domain sockets: unix.cpp what they do, unix-names.cpp what they are
// bound to.
#pragma once

#include "libos/posix/socket.h"

namespace ampoule::posix {

struct Node;

class UnixSocket final : public Socket {
public:
  explicit UnixSocket(SocketType type) : Socket(Family::Unix, type, 0) {}

  long bind(const SocketName &name) override;
  long connect(const SocketName &name) override;
  long listen(long backlog) override;
  long accept(Socket *&connection, SocketName &peer) override;
  long send(const Message &message, std::uint32_t flags) override;
  long receive(Message &message, std::uint32_t flags) override;
  long shutDown(std::uint32_t how) override;
  long localName(SocketName &name) override;
  long peerName(SocketName &name) override;
  std::uint32_t readiness() override;
  long available() override;
  void release() override;

  /// Connects two.
  static void join(UnixSocket &one, UnixSocket &other);

private:
  struct Packet;

  bool isStream() const { return type == SocketType::Stream; }
  bool isConnectionless() const { return type == SocketType::Datagram; }
  /// The socket bound to a name; null: `error` says why there is none.
  static UnixSocket *find(const SocketName &name, long &error);
  void unbind();

  /// Whether a packet of so many bytes may come now.
  bool takes(std::size_t size) const;
  long makePacket(const Message &message, std::size_t from, std::size_t size,
                  Packet *&packet) const;
  long deliver(UnixSocket &to, const Message &message, std::uint32_t flags);
  long receiverOf(const Message &message, UnixSocket *&to) const;
  void add(Packet &packet);
  void dropFirst();
  static void destroy(Packet *packet);
  static long takeFiles(Packet &packet, Message &message, std::uint32_t flags);

  UnixSocket *peer = nullptr; ///< null: none, or closed
  bool wasConnected = false;
  bool isReadShut = false, isWriteShut = false;
  Packet *first = nullptr, *last = nullptr;
  std::size_t received = 0;
  SocketName peersName = {};

  // Of a bound one.
  SocketName name = {}; ///< length 0: not bound
  Node *node = nullptr; ///< in the tree of files
  UnixSocket *nextBound = nullptr;

  // Of one that listens: the other ends that nobody has accepted yet.
  UnixSocket *firstPending = nullptr, *nextPending = nullptr;
  long pending = 0, mostPending = 0;
};

} // namespace ampoule::posix
