// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Names of Unix-domain sockets: paths, and abstract ones, which begin with a
// zero (unix(7)). In a program that can take a path away, or look at it, a path
// is a node of the tree of files; in others it is text, and the tree is not in
// the image for its sake.
#include "libos/posix/tree.h"
#include "libos/posix/unix.h"

using namespace ampoule;
using namespace ampoule::posix;

extern "C" {
/// The linker's answers.
int __ampoule_live_sys_unlink();
int __ampoule_live_sys_unlinkat();
int __ampoule_live_sys_stat();
}

namespace {

constexpr std::uint32_t kFamilySize = sizeof(Family);

constinit UnixSocket *bound = nullptr;

bool usesTree() {
  return __ampoule_live_sys_unlink() || __ampoule_live_sys_unlinkat() ||
         __ampoule_live_sys_stat();
}

bool isAbstract(const SocketName &name) { return name.bytes[kFamilySize] == 0; }

/// The path ends with a zero, or where the name does.
void endPath(SocketName &name) {
  std::uint32_t end = kFamilySize;
  while (end < name.length && name.bytes[end])
    ++end;
  if (end < SocketName::kLongest)
    name.bytes[end] = 0;
  name.length = end + 1; // as Linux tells it
}

bool isSame(const SocketName &one, const SocketName &other) {
  return one.length == other.length &&
         __builtin_memcmp(one.bytes, other.bytes, one.length) == 0;
}

constexpr std::uint32_t kLongestName = 110; // sizeof(sockaddr_un)

} // namespace

UnixSocket *UnixSocket::find(const SocketName &name, long &error) {
  error = name.family() != Family::Unix || name.length <= kFamilySize ||
                  name.length > kLongestName
              ? -kInvalid
              : -kConnectionRefused;
  if (error == -kInvalid)
    return nullptr;
  SocketName wanted = name;
  Node *node = nullptr;
  if (!isAbstract(name)) {
    endPath(wanted);
    if (usesTree()) {
      Place place(kCurrentDirectory, wanted.bytes + kFamilySize);
      node = place.node;
      if (!node || (node->mode & kTypeMask) != kSocket) {
        error = node ? -kConnectionRefused : -place.error;
        return nullptr;
      }
    } else {
      error = -kNoEntry;
    }
  }
  for (UnixSocket *socket = bound; socket; socket = socket->nextBound)
    if (node ? socket->node == node : isSame(socket->name, wanted))
      return socket;
  return nullptr;
}

long UnixSocket::bind(const SocketName &wanted) {
  if (wanted.family() != Family::Unix || wanted.length > kLongestName)
    return -kInvalid;
  if (name.length)
    return -kInvalid;
  long error;
  SocketName made = wanted;
  if (wanted.length == kFamilySize) {
    // A name that is free, of five digits (unix(7), autobind).
    static constinit std::uint32_t last = 0;
    constexpr std::uint32_t kDigits = 5;
    do {
      std::uint32_t number = ++last;
      for (std::uint32_t i = kDigits; i; --i, number >>= 4)
        made.bytes[kFamilySize + i] = "0123456789abcdef"[number & 0xf];
      made.length = kFamilySize + 1 + kDigits;
    } while (find(made, error));
  } else if (isAbstract(made)) {
    if (find(made, error))
      return -kAddressInUse;
  } else {
    endPath(made);
    if (usesTree()) {
      Place place(kCurrentDirectory, made.bytes + kFamilySize,
                  /*follows=*/false);
      if (place.node)
        return -kAddressInUse;
      if (place.error != kNoEntry || !place.directory)
        return -place.error;
      if (place.directory->isReadOnly)
        return -kReadOnly;
      node = makeNode(*place.directory, place.text, place.length,
                      kSocket | withoutMasked(0777), error);
      if (!node)
        return error;
      ++node->opened;
    } else if (find(made, error)) {
      return -kAddressInUse;
    }
  }
  name = made;
  nextBound = bound;
  bound = this;
  return 0;
}

void UnixSocket::unbind() {
  if (!name.length)
    return;
  UnixSocket **link = &bound;
  while (*link && *link != this)
    link = &(*link)->nextBound;
  if (*link)
    *link = nextBound;
  if (node)
    closeNode(*node);
  node = nullptr;
}

long UnixSocket::localName(SocketName &result) {
  result = name;
  if (!name.length) {
    result.setFamily(Family::Unix);
    result.length = kFamilySize;
  }
  return 0;
}

long UnixSocket::peerName(SocketName &result) {
  if (!wasConnected)
    return -kNotConnected;
  result = peersName;
  return 0;
}
