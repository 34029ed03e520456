// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The calls that change the tree of files. What is embedded stays as it is
// (EROFS). The user is root: rights are kept, and refuse nothing.
#include "libos/posix/tree.h"

#include "libos/abi/files.h"
#include "libos/memory/memory.h"
#include "libos/memory/objects.h"
#include "libos/time/time.h"
#include "xen-boot/abi/layout.h"

using namespace ampoule;
using namespace ampoule::posix;

/// 0: a name can be made at the place.
static long canMake(const Place &place) {
  if (!place.error)
    return -kExists;
  if (place.error != kNoEntry || !place.directory)
    return -place.error;
  return place.directory->isReadOnly ? -kReadOnly : 0;
}

/// FAT has no links.
static bool canLink(const Place &place) {
  return !place.directory || !isOnDisk(*place.directory);
}

/// 0: the name at the place can be taken away.
static long canRemove(const Place &place) {
  if (place.error)
    return -place.error;
  if (!place.name) // ".", ".." or "/"
    return -kBusy;
  return place.name->directory->isReadOnly || place.node->isReadOnly
             ? -kReadOnly
             : 0;
}

static long make(long from, const char *path, std::uint32_t type,
                 std::uint32_t mode) {
  Place place(from, path, /*follows=*/false);
  if (long error = canMake(place))
    return error;
  if (place.mustBeDirectory && type != kDirectory)
    return -kNoEntry;
  long error;
  makeNode(*place.directory, place.text, place.length,
           type | withoutMasked(mode), error);
  return error;
}

AMPOULE_SYSCALL(mkdir, const char *path, std::uint32_t mode) {
  return make(kCurrentDirectory, path, kDirectory, mode);
}
AMPOULE_SYSCALL(mkdirat, long from, const char *path, std::uint32_t mode) {
  return make(from, path, kDirectory, mode);
}

/// What needs no driver: files, FIFOs, and sockets without a program.
static long makeSpecial(long from, const char *path, std::uint32_t mode) {
  std::uint32_t type = mode & kTypeMask;
  if (type == 0)
    type = kRegular;
  else if (type == kCharacterDevice || type == kBlockDevice ||
           type == kDirectory)
    return -kNotPermitted;
  else if (type != kRegular && type != kFifo && type != kSocket)
    return -kInvalid;
  return make(from, path, type, mode & ~kTypeMask);
}

AMPOULE_SYSCALL(mknod, const char *path, std::uint32_t mode) {
  return makeSpecial(kCurrentDirectory, path, mode);
}
AMPOULE_SYSCALL(mknodat, long from, const char *path, std::uint32_t mode) {
  return makeSpecial(from, path, mode);
}

static long remove(Place &place) {
  if (isOnDisk(*place.node))
    return removeOnDisk(*place.name);
  removeName(*place.name);
  return 0;
}

static long removeDirectory(long from, const char *path) {
  Place place(from, path, /*follows=*/false);
  if (place.error == 0 && place.length == 0 && place.text &&
      place.text[1] != '.')
    return -kInvalid; // "."
  if (long error = canRemove(place))
    return error;
  if (!place.node->isDirectory())
    return -kNotDirectory;
  if (!isOnDisk(*place.node) && place.node->firstName)
    return -kNotEmpty;
  return remove(place);
}

static long unlinkAt(long from, const char *path) {
  Place place(from, path, /*follows=*/false);
  if (!place.error && place.node && place.node->isDirectory())
    return -kIsDirectory;
  if (long error = canRemove(place))
    return error;
  return remove(place);
}

AMPOULE_SYSCALL(rmdir, const char *path) {
  return removeDirectory(kCurrentDirectory, path);
}
AMPOULE_SYSCALL(unlink, const char *path) {
  return unlinkAt(kCurrentDirectory, path);
}
AMPOULE_SYSCALL(unlinkat, long from, const char *path, long flags) {
  constexpr long kRemoveDirectory = 0x200; // AT_REMOVEDIR
  return flags & kRemoveDirectory ? removeDirectory(from, path)
                                  : unlinkAt(from, path);
}

/// Whether `node` is `directory`, or above it.
static bool isAbove(const Node &node, const Node &directory) {
  for (const Node *at = &directory; at; at = at->parent) {
    if (at == &node)
      return true;
    if (at == &root)
      return false;
  }
  return false;
}

static long renameAt(long from, const char *oldPath, long to,
                     const char *newPath, long flags) {
  constexpr long kNoReplace = 1, kExchange = 2; // RENAME_NOREPLACE, …
  if (flags & ~kNoReplace)
    return flags & kExchange ? -kNotSupported : -kInvalid;
  Place old(from, oldPath, /*follows=*/false);
  if (long error = canRemove(old))
    return error;
  bool wasOnDisk = isOnDisk(*old.node);
  Place place(to, newPath, /*follows=*/false);
  // To look on a disk takes time, in which what is in memory can go.
  if (hasMounts() && place.directory &&
      wasOnDisk != isOnDisk(*place.directory))
    return -kOtherDevice;
  Node &node = *old.node;
  if (place.error && !(place.error == kNoEntry && place.directory))
    return -place.error;
  if (!place.error) {
    if (flags & kNoReplace)
      return -kExists;
    if (long error = canRemove(place))
      return error;
    if (place.node == &node)
      return 0;
    if (node.isDirectory() && !place.node->isDirectory())
      return -kNotDirectory;
    if (!node.isDirectory() && place.node->isDirectory())
      return -kIsDirectory;
    if (!isOnDisk(*place.node) && place.node->firstName)
      return -kNotEmpty;
  }
  if (place.directory->isReadOnly)
    return -kReadOnly;
  if (node.isDirectory() ? isAbove(node, *place.directory)
                         : place.mustBeDirectory)
    return node.isDirectory() ? -kInvalid : -kNotDirectory;
  if (isOnDisk(node))
    return renameOnDisk(*old.name, *place.directory, place.text, place.length,
                        place.name);
  // The new name first: then no failure leaves the file without one. Two of one
  // directory with the same text are never looked up in between.
  if (!addName(*place.directory, place.text, place.length, node))
    return -kNoSpace;
  if (place.name)
    removeName(*place.name);
  removeName(*old.name);
  return 0;
}

AMPOULE_SYSCALL(rename, const char *old, const char *path) {
  return renameAt(kCurrentDirectory, old, kCurrentDirectory, path, 0);
}
AMPOULE_SYSCALL(renameat, long from, const char *old, long to,
                const char *path) {
  return renameAt(from, old, to, path, 0);
}
AMPOULE_SYSCALL(renameat2, long from, const char *old, long to,
                const char *path, long flags) {
  return renameAt(from, old, to, path, flags);
}

static long linkAt(long from, const char *old, long to, const char *path,
                   long flags) {
  constexpr long kFollow = 0x400; // AT_SYMLINK_FOLLOW
  Place source(from, old, flags & kFollow), place(to, path, /*follows=*/false);
  if (source.error)
    return -source.error;
  if (long error = canMake(place))
    return error;
  if (!canLink(place) || !canLink(source))
    return -kNotPermitted;
  if (!source.node || source.node->isDirectory())
    return -kNotPermitted;
  if (source.node->isReadOnly)
    return -kOtherDevice;
  if (place.mustBeDirectory)
    return -kNoEntry;
  return addName(*place.directory, place.text, place.length, *source.node)
             ? 0
             : -kNoSpace;
}

AMPOULE_SYSCALL(link, const char *old, const char *path) {
  return linkAt(kCurrentDirectory, old, kCurrentDirectory, path, 0);
}
AMPOULE_SYSCALL(linkat, long from, const char *old, long to, const char *path,
                long flags) {
  return linkAt(from, old, to, path, flags);
}

static long linkSymbolically(const char *text, long from, const char *path) {
  __ampoule_links(text);
  Place place(from, path, /*follows=*/false);
  if (long error = canMake(place))
    return error;
  std::size_t size = __builtin_strlen(text);
  if (size == 0 || place.mustBeDirectory)
    return -kNoEntry;
  if (size >= memory::kLargestObject)
    return -kNameTooLong;
  auto *copy = static_cast<char *>(memory::takeObject(size + 1));
  if (!copy)
    return -kNoSpace;
  __builtin_memcpy(copy, text, size + 1);
  long error;
  Node *node = makeNode(*place.directory, place.text, place.length,
                        kLink | 0777, error);
  if (!node) {
    memory::giveObject(copy, size + 1);
    return error;
  }
  node->data = copy;
  node->size = size;
  return 0;
}

AMPOULE_SYSCALL(symlink, const char *text, const char *path) {
  return linkSymbolically(text, kCurrentDirectory, path);
}
AMPOULE_SYSCALL(symlinkat, const char *text, long from, const char *path) {
  return linkSymbolically(text, from, path);
}

/// Calls `change` for a node that may be changed.
template <typename Change> static long changeNode(Node &node, Change change) {
  if (node.isReadOnly)
    return -kReadOnly;
  long result = change(node);
  return !result && isOnDisk(node) ? storeOnDisk(node) : result;
}

/// Calls `change` for the node of a descriptor.
template <typename Change> static long changeOpen(long fd, Change change) {
  File *file = fileOf(fd);
  if (!file)
    return -kBadDescriptor;
  Node *node = file->node();
  if (!node)
    return -kInvalid;
  return changeNode(*node, change);
}

/// Calls `change` for the node at the place.
template <typename Change>
static long changeAt(long from, const char *path, bool follows, Change change) {
  Place place(from, path, follows);
  if (place.error || !place.node)
    return place.error ? -place.error : -kNotPermitted;
  return changeNode(*place.node, change);
}

static auto withMode(std::uint32_t mode) {
  return [mode](Node &node) -> long {
    if (node.isLink())
      return -kNotSupported; // as Linux's file systems
    node.mode = (node.mode & kTypeMask) | (mode & 07777);
    node.changed = currentTime();
    return 0;
  };
}

AMPOULE_SYSCALL(chmod, const char *path, std::uint32_t mode) {
  return changeAt(kCurrentDirectory, path, true, withMode(mode));
}
AMPOULE_SYSCALL(fchmodat, long from, const char *path, std::uint32_t mode) {
  return changeAt(from, path, true, withMode(mode));
}
AMPOULE_SYSCALL(fchmodat2, long from, const char *path, std::uint32_t mode,
                long flags) {
  return changeAt(from, path, !(flags & kNoFollowAt), withMode(mode));
}
AMPOULE_SYSCALL(fchmod, long fd, std::uint32_t mode) {
  return changeOpen(fd, withMode(mode));
}

/// Only user 0 may give files away; FAT has no owners.
static auto withOwner(std::uint32_t user, std::uint32_t group) {
  return [user, group](Node &node) -> long {
    constexpr std::uint32_t kSame = ~0u, kSetUser = 04000, kSetGroup = 02000;
    bool changes = (user != kSame && user != node.user) ||
                   (group != kSame && group != node.group);
    if (changes && (effectiveUser() != 0 || isOnDisk(node)))
      return -kNotPermitted;
    if (user != kSame)
      node.user = user;
    if (group != kSame)
      node.group = group;
    if (!node.isDirectory()) // what was lent to one is not lent to another
      node.mode &= ~(kSetUser | (node.mode & 010 ? kSetGroup : 0));
    if (!isOnDisk(node))
      node.changed = currentTime();
    return 0;
  };
}

AMPOULE_SYSCALL(chown, const char *path, std::uint32_t user,
                std::uint32_t group) {
  return changeAt(kCurrentDirectory, path, true, withOwner(user, group));
}
AMPOULE_SYSCALL(lchown, const char *path, std::uint32_t user,
                std::uint32_t group) {
  return changeAt(kCurrentDirectory, path, false, withOwner(user, group));
}
AMPOULE_SYSCALL(fchownat, long from, const char *path, std::uint32_t user,
                std::uint32_t group, long flags) {
  return changeAt(from, path, !(flags & kNoFollowAt), withOwner(user, group));
}
AMPOULE_SYSCALL(fchown, long fd, std::uint32_t user, std::uint32_t group) {
  return changeOpen(fd, withOwner(user, group));
}

AMPOULE_SYSCALL(utimensat, long from, const char *path, const TimeSpec *times,
                long flags) {
  constexpr std::int64_t kNow = 0x3fffffff, kOmit = 0x3ffffffe; // UTIME_NOW, …
  auto change = [times](Node &node) -> long {
    TimeSpec now = currentTime();
    TimeSpec *const own[] = {&node.accessed, &node.modified};
    for (unsigned i = 0; i != 2; ++i) {
      if (!times || times[i].nanoseconds == kNow)
        *own[i] = now;
      else if (times[i].nanoseconds != kOmit &&
               (times[i].nanoseconds < 0 ||
                times[i].nanoseconds >=
                    static_cast<std::int64_t>(kNanosecondsPerSecond)))
        return -kInvalid;
      else if (times[i].nanoseconds != kOmit)
        *own[i] = times[i];
    }
    node.changed = now;
    return 0;
  };
  return path ? changeAt(from, path, !(flags & kNoFollowAt), change)
              : changeOpen(from, change);
}

static auto withSize(std::int64_t size) {
  return [size](Node &node) -> long {
    if (size < 0 || node.isDirectory() || !node.isFile())
      return node.isDirectory() ? -kIsDirectory : -kInvalid;
    if (long error = resize(node, static_cast<std::size_t>(size)))
      return error;
    node.modified = node.changed = currentTime();
    return 0;
  };
}

AMPOULE_SYSCALL(truncate, const char *path, std::int64_t size) {
  return changeAt(kCurrentDirectory, path, true, withSize(size));
}
AMPOULE_SYSCALL(ftruncate, long fd, std::int64_t size) {
  if (File *file = fileOf(fd);
      file && (file->flags & kAccessMode) == kReadOnlyAccess)
    return -kInvalid;
  return changeOpen(fd, withSize(size));
}

AMPOULE_SUPPORTS(fallocate, 1, "mode", 0, 1);
AMPOULE_SYSCALL(fallocate, long fd, long mode, std::int64_t offset,
                std::int64_t size) {
  constexpr long kKeepSize = 1; // FALLOC_FL_KEEP_SIZE
  if (mode & ~kKeepSize) {
    static constinit bool said = false;
    __ampoule_refused("fallocate", static_cast<unsigned long>(mode), &said);
    return -kNotSupported;
  }
  if (offset < 0 || size <= 0)
    return -kInvalid;
  return changeOpen(fd, [=](Node &node) -> long {
    auto end =
        static_cast<std::size_t>(offset) + static_cast<std::size_t>(size);
    return mode == 0 && node.isFile() && end > node.size ? resize(node, end)
                                                         : 0;
  });
}

static long flush(long fd) {
  File *file = fileOf(fd);
  if (!file)
    return -kBadDescriptor;
  Hold hold(*file);
  if (Node *node = hasMounts() ? file->node() : nullptr; node && isOnDisk(*node))
    return syncOnDisk(*node);
  return file->flush();
}

AMPOULE_SYSCALL(fsync, long fd) { return flush(fd); }
AMPOULE_SYSCALL(fdatasync, long fd) { return flush(fd); }
AMPOULE_SYSCALL(syncfs, long fd) { return flush(fd); }
AMPOULE_SYSCALL(sync) {
  if (hasMounts())
    syncDisks();
  flushDisks();
  return 0;
}
static long accessAt(long from, const char *path, long mode,
                     bool follows = true) {
  constexpr long kRead = 4, kWrite = 2, kExecute = 1; // R_OK, W_OK, X_OK
  if (mode & ~(kRead | kWrite | kExecute))
    return -kInvalid;
  Place place(from, path, follows);
  if (place.error)
    return -place.error;
  std::uint32_t rights = place.device ? place.device->mode : place.node->mode;
  if (mode & kWrite && place.node && place.node->isReadOnly)
    return -kReadOnly;
  return mode & kExecute && !(rights & 0111) ? -kAccess : 0;
}

AMPOULE_SYSCALL(access, const char *path, long mode) {
  return accessAt(kCurrentDirectory, path, mode);
}
AMPOULE_SYSCALL(faccessat, long from, const char *path, long mode) {
  return accessAt(from, path, mode);
}
AMPOULE_SYSCALL(faccessat2, long from, const char *path, long mode,
                long flags) {
  return accessAt(from, path, mode, !(flags & kNoFollowAt));
}

static constinit std::uint32_t maskedRights = 022;

AMPOULE_SYSCALL(umask, std::uint32_t mask) {
  std::uint32_t old = maskedRights;
  maskedRights = mask & 0777;
  return old;
}

std::uint32_t posix::withoutMasked(std::uint32_t mode) {
  return mode & 07777 & ~maskedRights;
}

AMPOULE_SYSCALL(memfd_create, const char *, std::uint32_t flags) {
  constexpr std::uint32_t kCloses = 1; // MFD_CLOEXEC
  return openUnnamed(0777,
                     kReadWriteAccess | (flags & kCloses ? kCloseOnExec : 0u));
}

AMPOULE_SYSCALL(readahead, long fd) { return fileOf(fd) ? 0 : -kBadDescriptor; }
AMPOULE_SYSCALL(sync_file_range, long fd) {
  return fileOf(fd) ? 0 : -kBadDescriptor;
}
AMPOULE_SYSCALL(fadvise64, long fd) { return fileOf(fd) ? 0 : -kBadDescriptor; }

namespace {

struct FileSystem { // struct statfs
  std::int64_t type, blockSize;
  std::uint64_t blocks, free, available, files, freeFiles, id;
  std::int64_t longestName, fragmentSize, flags, rest[4];
};
static_assert(sizeof(FileSystem) == 120);

long describeFileSystem(Node *node, FileSystem &result) {
  if (node && isOnDisk(*node)) {
    DiskSpace space = {};
    if (long error = measureDisk(*node, space))
      return error;
    result = {.type = 0x4d44, // MSDOS_SUPER_MAGIC
              .blockSize = space.blockSize,
              .blocks = space.blocks,
              .free = space.free,
              .available = space.free,
              .files = 0,
              .freeFiles = 0,
              .id = deviceOf(*node),
              .longestName = kMaxName,
              .fragmentSize = space.blockSize,
              .flags = node->isReadOnly ? 1 : 0, // ST_RDONLY
              .rest = {}};
    return 0;
  }
  memory::Usage usage = memory::usage();
  result = {.type = 0x01021994, // TMPFS_MAGIC
            .blockSize = abi::kPageSize,
            .blocks = usage.total,
            .free = usage.free,
            .available = usage.free,
            .files = usage.total,
            .freeFiles = usage.free,
            .id = 0,
            .longestName = kMaxName,
            .fragmentSize = abi::kPageSize,
            .flags = 0,
            .rest = {}};
  return 0;
}

} // namespace

AMPOULE_SYSCALL(statfs, const char *path, FileSystem *result) {
  Place place(kCurrentDirectory, path);
  return place.error ? -place.error : describeFileSystem(place.node, *result);
}
AMPOULE_SYSCALL(fstatfs, long fd, FileSystem *result) {
  File *file = fileOf(fd);
  return file ? describeFileSystem(hasMounts() ? file->node() : nullptr, *result)
              : -kBadDescriptor;
}

/// Copies from one description to another, up to `size` bytes.
static long copy(File &from, std::int64_t *fromOffset, File &to,
                 std::int64_t *toOffset, std::size_t size) {
  std::size_t total = 0;
  char buffer[2048];
  while (total < size) {
    std::size_t part =
        size - total < sizeof(buffer) ? size - total : sizeof(buffer);
    long got = fromOffset ? from.readAt(buffer, part,
                                        static_cast<std::uint64_t>(*fromOffset))
                          : from.read(buffer, part);
    if (got <= 0)
      return total ? static_cast<long>(total) : got;
    auto count = static_cast<std::size_t>(got);
    long put = toOffset ? to.writeAt(buffer, count,
                                     static_cast<std::uint64_t>(*toOffset))
                        : to.write(buffer, count);
    long done = put < 0 ? 0 : put;
    if (fromOffset)
      *fromOffset += done;
    else if (done != got) // what was not written is to be read again
      from.seek(done - got, 1);
    if (toOffset)
      *toOffset += done;
    total += static_cast<std::size_t>(done);
    if (done != got)
      return total ? static_cast<long>(total) : put;
  }
  return static_cast<long>(total);
}

AMPOULE_SYSCALL(sendfile, long to, long from, std::int64_t *offset,
                std::size_t size) {
  File *source = fileOf(from), *target = fileOf(to);
  if (!source || !target)
    return -kBadDescriptor;
  return source->node() ? copy(*source, offset, *target, nullptr, size)
                        : -kInvalid;
}

AMPOULE_SYSCALL(copy_file_range, long from, std::int64_t *fromOffset, long to,
                std::int64_t *toOffset, std::size_t size) {
  File *source = fileOf(from), *target = fileOf(to);
  if (!source || !target)
    return -kBadDescriptor;
  if (!source->node() || !target->node())
    return -kInvalid;
  return copy(*source, fromOffset, *target, toOffset, size);
}
