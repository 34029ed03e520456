// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Finding, opening and reading. In an image that embeds nothing and makes
// nothing the tree is the root, and of this only the devices are left.
#include "libos/posix/tree.h"

#include "libos/abi/files.h"
#include "libos/memory/objects.h"
#include "libos/posix/fifo.h"
#include "libos/posix/proc.h"
#include "libos/posix/text.h"
#include "xen-boot/abi/layout.h"

using namespace ampoule;
using namespace ampoule::posix;

namespace {

constexpr std::size_t kMaxPath = 4096; // PATH_MAX, with the final zero
constexpr unsigned kMaxLinks = 40;     // as Linux

constinit Node *currentDirectory = &root;

std::int64_t signedSize(std::size_t size) {
  return static_cast<std::int64_t>(size);
}

} // namespace

OpenFile *posix::openFileOf(long fd, long &error) {
  File *file = fileOf(fd);
  if (file && file->node())
    return static_cast<OpenFile *>(file);
  error = file ? -kInvalid : -kBadDescriptor;
  return nullptr;
}

Place::Place(long from, const char *path, bool follows) {
  if (!*path) {
    error = kNoEntry;
    return;
  }
  if (!hasNames()) {
    device = findDevice(path);
    node = path[0] == '/' && !path[1] ? &root : nullptr;
    error = device || node ? 0 : kNoEntry;
    return;
  }
  __ampoule_names(path);
  Node *start = currentDirectory;
  if (*path != '/' && from != kCurrentDirectory) {
    File *file = fileOf(from);
    start = file ? file->node() : nullptr;
    if (!start || !start->isDirectory()) {
      error = file ? kNotDirectory : kBadDescriptor;
      return;
    }
  }
  if (__builtin_strlen(path) >= kMaxPath)
    error = kNameTooLong;
  else
    walk(start, path, follows, kMaxLinks);
}

bool Place::enter(Node &node) {
  if (!holds)
    lockDisks();
  holds = true;
  error = -ampoule_enter_mount(node);
  if (error)
    directory = nullptr;
  return !error;
}

void Place::walk(Node *at, const char *path, bool follows, unsigned links) {
  node = *path == '/' ? &root : at;
  if (isOnDisk(*node) && !enter(*node))
    return;
  while (true) {
    while (*path == '/')
      ++path;
    if (!*path)
      break;
    const char *end = path;
    while (*end && *end != '/')
      ++end;
    const char *rest = end;
    while (*rest == '/')
      ++rest;
    directory = node;
    text = path;
    length = static_cast<std::size_t>(end - path);
    path = rest;
    mustBeDirectory = *end == '/';
    name = nullptr;
    if (!directory->isDirectory()) {
      error = kNotDirectory;
      return;
    }
    if (length <= 2 && text[0] == '.' && text[length - 1] == '.') {
      if (length == 2)
        node = directory->parent;
      length = 0;
      if (node)
        continue;
      error = kNoEntry; // above a directory that was removed
      directory = nullptr;
      return;
    }
    bool isLast = !*rest;
    if (length > kMaxName) {
      error = kNameTooLong;
      return;
    }
    name = findName(*directory, text, length);
    if (!name && isOnDisk(*directory)) {
      name = findOnDisk(*directory, text, length, error);
      if (error) {
        error = -error;
        directory = nullptr;
        return;
      }
    }
    node = name ? name->node : nullptr;
    if (!name) {
      error = kNoEntry;
      if (!isLast || (!directory->self && directory != &root))
        directory = nullptr;
      return;
    }
    if (isOnDisk(*node) && !enter(*node))
      return;
    if (!node->isLink() || (isLast && !follows && !mustBeDirectory))
      continue;
    if (links == 0) {
      error = kLoop;
      return;
    }
    bool mustBe = mustBeDirectory;
    Place target;
    if (hasMounts()) {
      target.holds = holds;
      ++node->opened; // its text is in use, and others may run meanwhile
    }
    Node &link = *node;
    target.walk(directory, node->data, /*follows=*/true, links - 1);
    *this = target;
    if (hasMounts()) {
      target.holds = false;
      closeNode(link);
    }
    mustBeDirectory |= mustBe;
    if (error) {
      if (!isLast)
        directory = nullptr;
      return;
    }
  }
  if (mustBeDirectory && !node->isDirectory())
    error = kNotDirectory;
}

long OpenFile::read(char *buffer, std::size_t size) {
  if (isOnDisk(file))
    lockDisks();
  long count = readAt(buffer, size, offset);
  if (count > 0)
    offset += static_cast<std::uint64_t>(count);
  if (isOnDisk(file))
    unlockDisks();
  return count;
}

long OpenFile::write(const char *buffer, std::size_t size) {
  if (isOnDisk(file))
    lockDisks();
  if (flags & kAppend)
    offset = file.size;
  long count = writeAt(buffer, size, offset);
  if (count > 0)
    offset += static_cast<std::uint64_t>(count);
  if (isOnDisk(file))
    unlockDisks();
  return count;
}

long OpenFile::readAt(char *buffer, std::size_t size, std::uint64_t from) {
  if (file.isDirectory())
    return -kIsDirectory;
  if (isOnDisk(file))
    return readOnDisk(file, buffer, size, from);
  if (from >= file.size)
    return 0;
  std::size_t count = size < file.size - from ? size : file.size - from;
  __builtin_memcpy(buffer, file.data + from, count);
  return static_cast<long>(count);
}

long OpenFile::writeAt(const char *buffer, std::size_t size,
                       std::uint64_t from) {
  if (size == 0)
    return 0;
  if (isOnDisk(file)) {
    long count = writeOnDisk(file, buffer, size, from);
    long error = count > 0 && flags & kDataSync ? syncOnDisk(file) : 0;
    return error ? error : count;
  }
  std::size_t end;
  if (__builtin_add_overflow(from, size, &end))
    return -kFileTooLarge;
  if (end > file.size)
    if (long error = resize(file, end))
      return error;
  __builtin_memcpy(const_cast<char *>(file.data) + from, buffer, size);
  file.modified = file.changed = currentTime();
  return static_cast<long>(size);
}

long OpenFile::seek(std::int64_t distance, long whence) {
  enum : long { // SEEK_SET, …
    kSet = 0,
    kCurrent = 1,
    kEnd = 2,
    kData = 3,
    kHole = 4,
  };
  std::int64_t origin = 0, target;
  switch (whence) {
  case kSet:
    break;
  case kCurrent:
    origin = static_cast<std::int64_t>(offset);
    break;
  case kEnd:
    origin = signedSize(file.size);
    break;
  case kData:
  case kHole: // a file is data up to its end
    if (distance < 0 || distance >= signedSize(file.size))
      return -kNoDeviceOrAddress;
    if (whence == kHole)
      distance = signedSize(file.size);
    break;
  default:
    return -kInvalid;
  }
  if (__builtin_add_overflow(origin, distance, &target) || target < 0)
    return -kInvalid;
  offset = static_cast<std::uint64_t>(target);
  return target;
}

long OpenFile::available() {
  return file.size > offset ? static_cast<long>(file.size - offset) : 0;
}

void OpenFile::release() {
  closeNode(file);
  memory::destroy(this);
}

void posix::describe(File *file, Node *node, KernelStat &result) {
  constexpr std::int64_t kBlock = 512;
  result = {};
  result.links = 1;
  result.blockSize = abi::kPageSize;
  if (node && node->device) {
    file = node->device;
    result.inode = node->inode;
    result.user = node->user;
    result.group = node->group;
  } else if (node) {
    result.device = isOnDisk(*node) ? deviceOf(*node) : 1;
    result.inode = node->inode;
    result.mode = node->mode;
    result.user = node->user;
    result.group = node->group;
    result.links = node->links;
    result.size = signedSize(node->isDirectory() ? 0 : node->size);
    result.blocks = (result.size + kBlock - 1) / kBlock;
    result.accessed = node->accessed;
    result.modified = node->modified;
    result.changed = node->changed;
    return;
  }
  result.mode = file->mode;
  result.deviceId = file->device;
}

/// The description of a node for open().
static long openNode(Node &node, std::uint32_t flags) {
  bool writes = (flags & kAccessMode) != kReadOnlyAccess;
  if (node.isDirectory() && (writes || flags & kCreate))
    return -kIsDirectory;
  if (node.isLink())
    return -kLoop;
  if (node.device)
    return node.device->open(flags);
  if ((node.mode & kTypeMask) == kSocket)
    return -kNoDeviceOrAddress;
  if (hasFifos() && (node.mode & kTypeMask) == kFifo)
    return openFifo(node, flags);
  if ((writes || flags & kTruncate) && node.isReadOnly)
    return -kReadOnly;
  if (flags & kTruncate && node.isFile()) {
    if (long error = resize(node, 0))
      return error;
    node.modified = node.changed = currentTime();
  }
  constexpr std::uint32_t kKept =
      kAccessMode | kAppend | kNonBlocking;
  std::uint32_t kept = isOnDisk(node) ? kKept | kDataSync : kKept;
  auto *file = memory::make<OpenFile>(node, flags & kept);
  return file ? install(*file, flags) : -kOutOfMemory;
}

long posix::openUnnamed(std::uint32_t mode, std::uint32_t flags) {
  Node *node = ampoule_make_unnamed(kRegular | mode);
  return node ? openNode(*node, flags & ~(kCreate | kTruncate)) : -kNoSpace;
}

static long openAt(long from, const char *path, std::uint32_t flags,
                   std::uint32_t mode) {
  Place place(from, path,
              !(flags & kNoFollow) &&
                  (flags & (kCreate | kExclusive)) != (kCreate | kExclusive));
  if (place.device)
    return flags & kDirectoryOnly ? -kNotDirectory
                                  : place.device->open(flags);
  if (place.error == kNoEntry)
    if (File *file = openProcFile(path))
      return install(*file, flags);
  if ((flags & kWithoutName) == kWithoutName && place.node)
    return !place.node->isDirectory() ? -kNotDirectory
           : (flags & kAccessMode) == kReadOnlyAccess
               ? -kInvalid
               : openUnnamed(withoutMasked(mode), flags);
  if (place.error == kNoEntry && !(flags & kCreate) && hasTexts()) {
    long result = openText(path, flags);
    if (result != -kNoEntry)
      return result;
  }
  if (place.error == kNoEntry && flags & kCreate && hasNames() &&
      place.directory) {
    if (place.mustBeDirectory)
      return -kIsDirectory;
    if (place.directory->isReadOnly)
      return -kReadOnly;
    long error;
    Node *node = makeNode(*place.directory, place.text, place.length,
                          kRegular | withoutMasked(mode), error);
    return node ? openNode(*node, flags & ~(kCreate | kTruncate)) : error;
  }
  if (place.error)
    return -place.error;
  if (flags & kCreate && flags & kExclusive)
    return -kExists;
  if (flags & kDirectoryOnly && !place.node->isDirectory())
    return -kNotDirectory;
  return hasNames() ? openNode(*place.node, flags) : -kAccess;
}

AMPOULE_SYSCALL(open, const char *path, std::uint32_t flags,
                std::uint32_t mode) {
  return openAt(kCurrentDirectory, path, flags, mode);
}
AMPOULE_SYSCALL(openat, long from, const char *path, std::uint32_t flags,
                std::uint32_t mode) {
  return openAt(from, path, flags, mode);
}
AMPOULE_SYSCALL(creat, const char *path, std::uint32_t mode) {
  return openAt(kCurrentDirectory, path, kCreate | kTruncate | kWriteOnlyAccess,
                mode);
}

static long statAt(long from, const char *path, bool follows,
                   KernelStat *result) {
  Place place(from, path, follows);
  if (place.error == kNoEntry)
    if (File *file = openProcFile(path)) {
      describe(file, nullptr, *result);
      file->release();
      return 0;
    }
  if (place.error)
    return -place.error;
  describe(place.device, place.node, *result);
  return 0;
}

AMPOULE_SYSCALL(stat, const char *path, KernelStat *result) {
  return statAt(kCurrentDirectory, path, /*follows=*/true, result);
}
AMPOULE_SYSCALL(lstat, const char *path, KernelStat *result) {
  return statAt(kCurrentDirectory, path, /*follows=*/false, result);
}
AMPOULE_SYSCALL(newfstatat, long from, const char *path, KernelStat *result,
                long flags) {
  constexpr long kEmptyPath = 0x1000; // AT_EMPTY_PATH
  if (!*path && flags & kEmptyPath && from != kCurrentDirectory) {
    File *file = fileOf(from);
    if (!file)
      return -kBadDescriptor;
    describe(file, file->node(), *result);
    return 0;
  }
  return statAt(from, path, !(flags & kNoFollowAt), result);
}

static long readLinkAt(long from, const char *path, char *buffer,
                       std::size_t size) {
  Place place(from, path, /*follows=*/false);
  if (const char *text = place.error ? findProcLink(path) : nullptr) {
    std::size_t length = __builtin_strlen(text);
    __builtin_memcpy(buffer, text, length < size ? length : size);
    return static_cast<long>(length < size ? length : size);
  }
  if (place.error)
    return -place.error;
  if (!place.node || !place.node->isLink() || size == 0)
    return -kInvalid;
  std::size_t count = size < place.node->size ? size : place.node->size;
  __builtin_memcpy(buffer, place.node->data, count);
  return static_cast<long>(count);
}

AMPOULE_SYSCALL(readlink, const char *path, char *buffer, std::size_t size) {
  return readLinkAt(kCurrentDirectory, path, buffer, size);
}
AMPOULE_SYSCALL(readlinkat, long from, const char *path, char *buffer,
                std::size_t size) {
  return readLinkAt(from, path, buffer, size);
}

namespace {

/// getdents64(2)
struct DirectoryEntry {
  std::uint64_t inode;
  std::int64_t offset;
  std::uint16_t length;
  std::uint8_t type;
  char name[];
};

class Listing {
public:
  Listing(char *buffer, std::size_t room) : buffer(buffer), room(room) {}

  /// False: there is no room.
  bool add(const Node &node, const char *name, std::size_t length,
           std::uint64_t cookie) {
    constexpr std::size_t kHeader = offsetof(DirectoryEntry, name);
    constexpr unsigned kTypeShift = 12; // from st_mode to d_type
    std::size_t whole = (kHeader + length + 1 + 7) & ~std::size_t{7};
    if (whole > room - size)
      return false;
    auto *row = reinterpret_cast<DirectoryEntry *>(buffer + size);
    row->inode = node.inode;
    row->offset = static_cast<std::int64_t>(cookie);
    row->length = static_cast<std::uint16_t>(whole);
    row->type = static_cast<std::uint8_t>(node.mode >> kTypeShift);
    __builtin_memcpy(row->name, name, length);
    row->name[length] = 0;
    size += whole;
    return true;
  }

  std::size_t size = 0;

private:
  char *buffer;
  std::size_t room;
};

} // namespace

AMPOULE_SYSCALL(getdents64, long fd, char *buffer, std::size_t size) {
  long error;
  OpenFile *open = openFileOf(fd, error);
  if (!open)
    return error == -kInvalid ? -kNotDirectory : error;
  Node &directory = open->file;
  if (!directory.isDirectory())
    return -kNotDirectory;
  // A cookie is where a name is found again: those above it come next.
  Listing listing(buffer, size);
  std::uint64_t &at = open->offset;
  bool isFull = false;
  auto add = [&](const Node &node, const char *text, std::size_t length,
                 std::uint64_t cookie) {
    if (isFull || at >= cookie)
      return;
    isFull = !listing.add(node, text, length, cookie);
    if (!isFull)
      at = cookie;
  };
  if (isOnDisk(directory))
    lockDisks();
  add(directory, ".", 1, 1);
  add(directory.parent ? *directory.parent : directory, "..", 2, 2);
  if (isOnDisk(directory)) {
    constexpr std::uint64_t kFirst = 3, kEntry = 32;
    DiskEntry entry;
    auto from = static_cast<std::uint32_t>(at < kFirst ? 0
                                                       : (at - kFirst) * kEntry);
    while (!isFull && listOnDisk(directory, from, entry)) {
      from = entry.next;
      std::uint64_t cookie = kFirst + from / kEntry;
      Node shown = {.mode = entry.mode,
                    .inode = static_cast<std::uint32_t>(cookie)};
      add(shown, entry.name, __builtin_strlen(entry.name), cookie);
    }
    unlockDisks();
  }
  for (Name *name = isOnDisk(directory) ? nullptr : directory.firstName; name && !isFull; name = name->next)
    add(*name->node, name->text, name->length, name->cookie);
  if (listing.size == 0 && isFull)
    return -kInvalid;
  return static_cast<long>(listing.size);
}

AMPOULE_SYSCALL(getcwd, char *buffer, std::size_t size) {
  // From the end: each directory knows its name and its parent.
  std::size_t length = 1;
  for (Node *at = currentDirectory; at != &root; at = at->parent) {
    if (!at->self)
      return -kNoEntry;
    length += at->self->length + 1u;
  }
  if (length == 1)
    ++length;
  if (size < length)
    return -kRange;
  buffer[0] = '/';
  char *end = buffer + length - 1;
  *end = 0;
  for (Node *at = currentDirectory; at != &root; at = at->parent) {
    end -= at->self->length;
    __builtin_memcpy(end, at->self->text, at->self->length);
    *--end = '/';
  }
  return static_cast<long>(length);
}

static long changeDirectory(Node &node) {
  if (!node.isDirectory())
    return -kNotDirectory;
  ++node.opened;
  if (currentDirectory != &root)
    closeNode(*currentDirectory);
  currentDirectory = &node;
  return 0;
}

AMPOULE_SYSCALL(chdir, const char *path) {
  Place place(kCurrentDirectory, path);
  if (place.error || !place.node)
    return place.error ? -place.error : -kNotDirectory;
  return changeDirectory(*place.node);
}

AMPOULE_SYSCALL(fchdir, long fd) {
  long error;
  OpenFile *open = openFileOf(fd, error);
  if (!open)
    return error == -kInvalid ? -kNotDirectory : error;
  return changeDirectory(open->file);
}
