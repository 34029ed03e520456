// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Sockets. A kind of socket is a class in a file of its own; socket.cpp has the
// system calls, which look the same for all.
#pragma once

#include "libos/posix/poll.h"
#include "libos/posix/signal.h"

namespace ampoule::posix {

enum class Family : std::uint16_t { // AF_UNIX, …
  Unspecified = 0,
  Unix = 1,
  Inet = 2,
  Netlink = 16,
  Inet6 = 10,
};

/// The lower bits of socket()'s type: SOCK_STREAM, …
enum class SocketType : std::uint8_t {
  Stream = 1,
  Datagram = 2,
  Raw = 3,
  Packets = 5, ///< SOCK_SEQPACKET
};

/// struct sockaddr of any family.
struct SocketName {
  static constexpr std::uint32_t kLongest = 128; // sizeof(sockaddr_storage)

  std::uint32_t length = 0;
  alignas(8) char bytes[kLongest] = {};

  /// Unspecified if it is too short to say.
  Family family() const;
  void setFamily(Family family);
  template <typename T> T &as() {
    static_assert(sizeof(T) <= kLongest);
    return *reinterpret_cast<T *>(bytes);
  }
  template <typename T> const T &as() const {
    return const_cast<SocketName *>(this)->as<T>();
  }
};

/// struct msghdr, as the kernel has it.
struct Message {
  void *name = nullptr;
  std::uint32_t nameLength = 0;
  const Segment *segments = nullptr;
  std::size_t count = 0;
  char *control = nullptr;
  std::size_t controlLength = 0;
  std::uint32_t flags = 0;

  std::size_t size() const;
};
static_assert(sizeof(Message) == 56);

enum MessageFlag : std::uint32_t { // MSG_OOB, …
  kUrgent = 1,
  kPeek = 2,
  kControlTruncated = 8,
  kTruncated = 0x20,
  kDoNotWait = 0x40,
  kWaitForAll = 0x100,
  kNoSignal = 0x4000,
  kMore = 0x8000,
  kDescriptorsCloseOnExec = 0x40000000,
};

/// shutdown(2)
enum ShutDown : std::uint8_t { kShutRead = 1, kShutWrite = 2 };

class Socket : public File {
public:
  Socket(Family family, SocketType type, std::uint16_t protocol)
      : File(kSocket | 0777), family(family), type(type), protocol(protocol) {
    kind = Kind::Socket;
  }

  virtual long bind(const SocketName &name) = 0;
  virtual long connect(const SocketName &name) = 0;
  virtual long listen(long backlog);
  /// The next connection; `peer`: where it comes from.
  virtual long accept(Socket *&connection, SocketName &peer);
  virtual long send(const Message &message, std::uint32_t flags) = 0;
  /// Sets the name's and the control data's lengths, and the flags.
  virtual long receive(Message &message, std::uint32_t flags) = 0;
  virtual long shutDown(std::uint32_t how);
  virtual long localName(SocketName &name) = 0;
  virtual long peerName(SocketName &name) = 0;
  /// What the kind knows beyond the common ones (options.cpp).
  virtual long setOption(long level, long option, const void *value,
                         std::uint32_t size);
  virtual long getOption(long level, long option, void *value,
                         std::uint32_t &size);

  /// One of the common options is another now.
  virtual void apply() {}
  /// The pending error as a result, which is told once.
  long takeError();

  /// Of interfaces (interface.cpp).
  long control(unsigned long request, void *argument) final;
  long read(char *buffer, std::size_t size) final;
  long write(const char *buffer, std::size_t size) final;
  long readAll(const Segment *segments, long count) final;
  long writeAll(const Segment *segments, long count) final;

  Family family;
  SocketType type;
  std::uint16_t protocol;
  bool canReuse = false; ///< SO_REUSEADDR, SO_REUSEPORT
  bool isReusePort = false;
  bool canBroadcast = false; ///< SO_BROADCAST
  bool isKeptAlive = false;  ///< SO_KEEPALIVE
  bool lingers = false;      ///< SO_LINGER
  bool isListening = false;
  std::int32_t error = 0; ///< SO_ERROR: an errno
  std::int32_t lingerSeconds = 0;
  std::uint32_t receiveRoom = 212992, sendRoom = 212992; ///< SO_RCVBUF, …
  std::uint64_t receiveTimeout = 0, sendTimeout = 0; ///< nanoseconds; 0: none

protected:
  bool mayWait(std::uint32_t flags) const {
    return !isNonBlocking() && !(flags & kDoNotWait);
  }
  /// Waits until `isDone`, as long as the timeout, or not at all: -EAGAIN.
  long waitUntil(Condition isDone, std::uint32_t flags, std::uint64_t timeout);
  /// Those who wait look again.
  void changed() {
    threads::wakeAll(waiting);
    notify(*this);
  }
  /// -EPIPE, with its signal.
  static long brokenPipe(std::uint32_t flags);

  threads::Queue waiting;
};

/// now + timeout; timeout 0: for ever.
std::uint64_t deadlineOf(std::uint64_t timeout);

/// What getsockopt() answers: a value, cut to the room that there is.
long giveOption(const void *from, std::uint32_t count, void *value,
                std::uint32_t &size);

/// The socket of a descriptor; null: `error` says why not.
Socket *socketOf(long fd, long &error);

/// Calls it with the socket of a descriptor, which stays as long.
template <typename Work> long withSocket(long fd, Work work) {
  long error;
  Socket *socket = socketOf(fd, error);
  if (!socket)
    return error;
  Hold hold(*socket);
  return work(*socket);
}

/// Null: no memory.
Socket *makeTcpSocket(Family family);
Socket *makeUdpSocket(Family family);
Socket *makeUnixSocket(SocketType type);
Socket *makeNetlinkSocket(SocketType type);

} // namespace ampoule::posix
