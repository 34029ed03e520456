// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Sockets within the image: what one sends stands in a queue of the other, in
// packets. A stream reads across their ends. Descriptors go along (SCM_RIGHTS).
#include "libos/posix/unix.h"

#include "libos/memory/objects.h"

using namespace ampoule;
using namespace ampoule::posix;

namespace {

constexpr std::size_t kLargestPiece = 32768; ///< of a stream, in one packet
constexpr std::size_t kMostFiles = 253;      // SCM_MAX_FD

struct ControlHeader { // struct cmsghdr
  std::size_t length;
  std::int32_t level, type;
};
constexpr std::int32_t kSocketLevel = 1, kRights = 1; // SOL_SOCKET, SCM_RIGHTS

} // namespace

/// Behind it come the files, and the data.
struct UnixSocket::Packet {
  Packet *next;
  std::size_t bytes; ///< with all of this
  std::size_t size, taken;
  std::uint32_t fileCount;
  SocketName from;

  File **files() { return reinterpret_cast<File **>(this + 1); }
  char *data(std::size_t count) {
    return reinterpret_cast<char *>(files() + count);
  }
  std::size_t count = 0; ///< of files, also when they are taken
};

Socket *posix::makeUnixSocket(SocketType type) {
  return memory::make<UnixSocket>(type);
}

void UnixSocket::join(UnixSocket &one, UnixSocket &other) {
  one.peer = &other;
  other.peer = &one;
  one.wasConnected = other.wasConnected = true;
  one.localName(other.peersName);
  other.localName(one.peersName);
}

long UnixSocket::listen(long backlog) {
  if (isConnectionless())
    return -kNotSupported;
  if (!name.length || wasConnected)
    return -kInvalid;
  constexpr long kMost = 4096;
  mostPending = backlog < 0 || backlog > kMost ? kMost : backlog;
  isListening = true;
  return 0;
}

long UnixSocket::connect(const SocketName &to) {
  if (isConnectionless() && to.family() == Family::Unspecified) {
    peer = nullptr;
    wasConnected = false;
    return 0;
  }
  long error;
  UnixSocket *found = find(to, error);
  if (!found)
    return error;
  if (found->type != type)
    return -kWrongProtocolType;
  if (isConnectionless()) {
    // Not mutual: who was bound may have another peer, or none.
    wasConnected = true;
    found->localName(peersName);
    return 0;
  }
  if (wasConnected)
    return -kIsConnected;
  Hold hold(*found);
  if (!found->isListening)
    return -kConnectionRefused;
  // One more than the backlog, as Linux.
  auto hasPlace = [&] {
    return !found->isListening || found->pending <= found->mostPending;
  };
  if (!hasPlace() && isNonBlocking())
    return -kTryAgain;
  if (long failed = waitFor(found->waiting, hasPlace, deadlineOf(sendTimeout)))
    return failed == -kTimedOut ? -kTryAgain : failed;
  if (!found->isListening)
    return -kConnectionRefused;
  auto *other = memory::make<UnixSocket>(type);
  if (!other)
    return -kOutOfMemory;
  join(*this, *other);
  found->localName(peersName);
  other->name = found->name; // what it is called, not bound to
  UnixSocket **link = &found->firstPending;
  while (*link)
    link = &(*link)->nextPending;
  *link = other;
  ++found->pending;
  found->changed();
  return 0;
}

long UnixSocket::accept(Socket *&connection, SocketName &from) {
  if (isConnectionless())
    return -kNotSupported;
  if (!isListening)
    return -kInvalid;
  if (long failed = waitUntil([&] { return firstPending || !isListening; }, 0,
                              receiveTimeout))
    return failed;
  UnixSocket *other = firstPending;
  if (!other)
    return -kInvalid;
  firstPending = other->nextPending;
  other->nextPending = nullptr;
  --pending;
  changed();
  from = other->peersName;
  connection = other;
  return 0;
}

// Sending -------------------------------------------------------------------

bool UnixSocket::takes(std::size_t size) const {
  return received == 0 || received + size <= receiveRoom;
}

void UnixSocket::add(Packet &packet) {
  (last ? last->next : first) = &packet;
  last = &packet;
  received += packet.size + sizeof(Packet);
  changed();
}

void UnixSocket::destroy(Packet *packet) {
  for (std::uint32_t i = 0; i != packet->fileCount; ++i)
    drop(*packet->files()[i]);
  memory::giveBytes(packet, packet->bytes);
}

/// Calls `take` with each descriptor that goes along; a negative errno: one is
/// none.
template <typename Take>
static long forEachRight(const Message &message, Take take) {
  std::size_t at = 0;
  while (message.control &&
         message.controlLength - at >= sizeof(ControlHeader)) {
    ControlHeader header;
    __builtin_memcpy(&header, message.control + at, sizeof(header));
    if (header.length < sizeof(header) ||
        header.length > message.controlLength - at)
      return -kInvalid;
    if (header.level == kSocketLevel && header.type == kRights)
      for (std::size_t i = sizeof(header);
           i + sizeof(std::int32_t) <= header.length;
           i += sizeof(std::int32_t)) {
        std::int32_t fd;
        __builtin_memcpy(&fd, message.control + at + i, sizeof(fd));
        File *file = fileOf(fd);
        if (!file)
          return -kBadDescriptor;
        take(*file);
      }
    at += (header.length + 7) & ~std::size_t{7};
    if (at > message.controlLength)
      break;
  }
  return 0;
}

long UnixSocket::makePacket(const Message &message, std::size_t from,
                            std::size_t size, Packet *&packet) const {
  std::size_t files = 0;
  if (from == 0)
    if (long failed = forEachRight(message, [&](File &) { ++files; }))
      return failed;
  if (files > kMostFiles)
    return -kInvalid;
  std::size_t bytes = sizeof(Packet) + files * sizeof(File *) + size;
  void *room = memory::takeBytes(bytes);
  if (!room)
    return -kNoBuffers;
  packet = new (room) Packet{
      nullptr, bytes, size, 0, static_cast<std::uint32_t>(files), {}, files};
  const_cast<UnixSocket *>(this)->localName(packet->from);
  File **file = packet->files();
  if (files)
    forEachRight(message, [&](File &each) {
      ++each.references;
      *file++ = &each;
    });
  char *to = packet->data(files);
  for (std::size_t i = 0; i != message.count && size; ++i) {
    const Segment &segment = message.segments[i];
    if (from >= segment.size) {
      from -= segment.size;
      continue;
    }
    std::size_t count = segment.size - from;
    count = count < size ? count : size;
    __builtin_memcpy(to, segment.base + from, count);
    to += count;
    size -= count;
    from = 0;
  }
  return 0;
}

long UnixSocket::receiverOf(const Message &message, UnixSocket *&to) const {
  if (!isConnectionless()) {
    if (message.name && message.nameLength)
      return wasConnected ? -kIsConnected : -kNotSupported;
    to = peer;
    return wasConnected ? 0 : -kNotConnected;
  }
  if (peer) {
    to = peer; // of socketpair()
    return 0;
  }
  SocketName wanted = peersName;
  if (message.name && message.nameLength) {
    if (message.nameLength > SocketName::kLongest)
      return -kInvalid;
    __builtin_memcpy(wanted.bytes, message.name, message.nameLength);
    wanted.length = message.nameLength;
  } else if (!wasConnected) {
    return -kNotConnected;
  } else if (wanted.length == sizeof(Family)) {
    return -kConnectionRefused; // the other of a pair, which is gone
  }
  long error;
  to = find(wanted, error);
  if (to && to->type != type)
    return -kWrongProtocolType;
  return to ? 0 : error;
}

long UnixSocket::deliver(UnixSocket &to, const Message &message,
                         std::uint32_t flags) {
  std::size_t size = message.size(), total = 0;
  if (!isStream() && size > sendRoom)
    return -kMessageTooLong;
  do {
    std::size_t piece = size - total;
    if (isStream() && piece > kLargestPiece)
      piece = kLargestPiece;
    auto isDone = [&] {
      return to.takes(piece) || isWriteShut || to.isReadShut ||
             (!isConnectionless() && !peer);
    };
    long failed = 0;
    if (!isDone())
      failed = mayWait(flags)
                   ? waitFor(to.waiting, isDone, deadlineOf(sendTimeout))
                   : -kTryAgain;
    if (failed)
      return total                  ? static_cast<long>(total)
             : failed == -kTimedOut ? -kTryAgain
                                    : failed;
    if (isWriteShut || to.isReadShut || (!isConnectionless() && !peer))
      return total ? static_cast<long>(total) : brokenPipe(flags);
    Packet *packet = nullptr;
    failed = makePacket(message, total, piece, packet);
    if (failed)
      return total ? static_cast<long>(total) : failed;
    to.add(*packet);
    total += piece;
  } while (total != size);
  return static_cast<long>(total);
}

long UnixSocket::send(const Message &message, std::uint32_t flags) {
  if (flags & kUrgent)
    return -kNotSupported;
  if (error)
    return takeError();
  if (isWriteShut)
    return brokenPipe(flags);
  UnixSocket *to = nullptr;
  if (long failed = receiverOf(message, to))
    return failed;
  if (!to)
    return brokenPipe(flags);
  if (isStream() && message.size() == 0)
    return 0;
  Hold hold(*to);
  return deliver(*to, message, flags);
}

// Receiving -----------------------------------------------------------------

void UnixSocket::dropFirst() {
  Packet *packet = first;
  first = packet->next;
  if (!first)
    last = nullptr;
  received -= packet->size + sizeof(Packet);
  destroy(packet);
  threads::wakeAll(waiting);
  if (peer)
    notify(*peer);
}

long UnixSocket::takeFiles(Packet &packet, Message &message,
                           std::uint32_t flags) {
  std::size_t room = message.controlLength;
  message.controlLength = 0;
  if (!packet.fileCount)
    return 0;
  std::uint32_t given = 0;
  std::size_t at = sizeof(ControlHeader);
  while (given != packet.fileCount && message.control &&
         at + sizeof(std::int32_t) <= room) {
    long fd = install(*packet.files()[given],
                      flags & kDescriptorsCloseOnExec ? kCloseOnExec : 0);
    if (fd < 0)
      break;
    auto number = static_cast<std::int32_t>(fd);
    __builtin_memcpy(message.control + at, &number, sizeof(number));
    at += sizeof(number);
    ++given;
  }
  if (given != packet.fileCount)
    message.flags |= kControlTruncated;
  if (given) {
    const ControlHeader header = {at, kSocketLevel, kRights};
    __builtin_memcpy(message.control, &header, sizeof(header));
    std::size_t aligned = (at + 7) & ~std::size_t{7};
    message.controlLength = aligned < room ? aligned : room;
  }
  for (std::uint32_t i = 0; i != packet.fileCount; ++i)
    drop(*packet.files()[i]);
  packet.fileCount = 0;
  return 0;
}

long UnixSocket::receive(Message &message, std::uint32_t flags) {
  if (flags & kUrgent)
    return -kNotSupported;
  if (isListening || (!isConnectionless() && !wasConnected))
    return isListening ? -kInvalid : -kNotConnected;
  std::size_t wanted = message.size(), total = 0;
  bool isPeek = flags & kPeek;
  if (wanted == 0 && isStream())
    return 0;
  auto isDone = [&] {
    return first || isReadShut || error || (!isConnectionless() && !peer);
  };
  long result = 0;
  bool isFirst = true;
  Packet *packet = nullptr;
  std::size_t segment = 0, within = 0;
  do {
    if (!isPeek || isFirst) {
      if (long failed = waitUntil(isDone, flags, receiveTimeout))
        return total ? static_cast<long>(total) : failed;
      packet = first;
    }
    if (!packet) {
      if (!total && error)
        return takeError();
      break; // the end
    }
    if (!isFirst && packet->fileCount)
      break; // what goes along begins another
    if (isFirst) {
      if (message.name) {
        std::uint32_t room = message.nameLength;
        message.nameLength = isConnectionless() ? packet->from.length : 0;
        __builtin_memcpy(message.name, packet->from.bytes,
                         message.nameLength < room ? message.nameLength : room);
      }
      if (isPeek)
        message.controlLength = 0;
      else
        takeFiles(*packet, message, flags);
    }
    isFirst = false;
    std::size_t taken = packet->taken;
    while (taken != packet->size && segment != message.count) {
      const Segment &to = message.segments[segment];
      std::size_t left = packet->size - taken, room = to.size - within;
      std::size_t count = left < room ? left : room;
      __builtin_memcpy(to.base + within, packet->data(packet->count) + taken,
                       count);
      taken += count;
      total += count;
      within += count;
      if (within == to.size) {
        ++segment;
        within = 0;
      }
    }
    if (!isStream()) {
      result = static_cast<long>(flags & kTruncated ? packet->size : total);
      if (taken != packet->size)
        message.flags |= kTruncated;
      if (!isPeek)
        dropFirst();
      return result;
    }
    bool isWhole = taken == packet->size;
    if (isPeek) {
      packet = packet->next;
      if (!packet)
        break;
    } else if (isWhole) {
      dropFirst();
    } else {
      packet->taken = taken;
    }
  } while (total != wanted && (first || flags & kWaitForAll));
  if (isFirst) {
    message.nameLength = 0;
    message.controlLength = 0;
  }
  return static_cast<long>(total);
}

// ---------------------------------------------------------------------------

long UnixSocket::shutDown(std::uint32_t how) {
  if (isListening) {
    if (how & kShutRead)
      isListening = false;
    changed();
    return 0;
  }
  if (!wasConnected)
    return -kNotConnected;
  if (how & kShutRead)
    isReadShut = true;
  if (how & kShutWrite)
    isWriteShut = true;
  if (peer && !isConnectionless()) {
    if (how & kShutRead)
      peer->isWriteShut = true;
    if (how & kShutWrite)
      peer->isReadShut = true;
    peer->changed();
  }
  changed();
  return 0;
}

void UnixSocket::release() {
  unbind();
  isListening = false;
  while (UnixSocket *other = firstPending) {
    firstPending = other->nextPending;
    other->name = {};
    if (other->peer)
      other->peer->error = kConnectionReset;
    other->release();
  }
  if (peer) {
    if (first && !isConnectionless())
      peer->error = kConnectionReset;
    peer->peer = nullptr;
    peer->changed();
  }
  while (first)
    dropFirst();
  memory::destroy(this);
}

std::uint32_t UnixSocket::readiness() {
  if (isListening)
    return firstPending ? kReadable : 0u;
  std::uint32_t result = error ? kErrorCondition | kReadable : 0u;
  if (isConnectionless())
    return result | (first || isReadShut ? kReadable : 0u) |
           (!peer || peer->takes(1) ? kWritable : 0u);
  if (!wasConnected)
    return result | kWritable | kHangUp;
  bool isEnd = isReadShut || !peer;
  if (first || isEnd)
    result |= kReadable;
  if (isEnd)
    result |= kReadHangUp;
  if (!peer || (isReadShut && isWriteShut))
    result |= kHangUp;
  if (!peer || isWriteShut || peer->takes(peer->receiveRoom / 2))
    result |= kWritable;
  return result;
}

long UnixSocket::available() {
  if (isListening)
    return -kInvalid;
  if (!isStream())
    return first ? static_cast<long>(first->size) : 0;
  std::size_t result = 0;
  for (Packet *packet = first; packet; packet = packet->next)
    result += packet->size - packet->taken;
  return static_cast<long>(result);
}

AMPOULE_SUPPORTS(socketpair, 0, "domain", 1);
AMPOULE_SYSCALL(socketpair, std::uint32_t domain, std::uint32_t type,
                std::uint32_t protocol, std::int32_t *descriptors) {
  constexpr std::uint32_t kTypeFlags = kNonBlocking | kCloseOnExec;
  auto kind = static_cast<SocketType>(type & ~kTypeFlags);
  if (static_cast<Family>(domain) != Family::Unix)
    return domain == static_cast<std::uint32_t>(Family::Inet) ? -kNotSupported
                                                              : -kNoFamily;
  if (kind != SocketType::Stream && kind != SocketType::Datagram &&
      kind != SocketType::Packets)
    return -kNoSocketType;
  if (protocol > 1)
    return -kNoProtocol;
  auto *one = memory::make<UnixSocket>(kind);
  auto *other = one ? memory::make<UnixSocket>(kind) : nullptr;
  if (!other) {
    if (one)
      memory::destroy(one);
    return -kOutOfMemory;
  }
  UnixSocket::join(*one, *other);
  one->flags |= type & kNonBlocking;
  other->flags |= type & kNonBlocking;
  long first = install(*one, type);
  if (first < 0) {
    other->release();
    return first;
  }
  long second = install(*other, type);
  if (second < 0) {
    closeDescriptor(first);
    return second;
  }
  descriptors[0] = static_cast<std::int32_t>(first);
  descriptors[1] = static_cast<std::int32_t>(second);
  return 0;
}
