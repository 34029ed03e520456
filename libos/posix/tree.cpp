// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The linker's table is the file system: nothing is copied, and nothing can be
// changed. In an image without files the table is empty, and of this only the
// devices are left.
#include "libos/posix/tree.h"

using namespace ampoule;
using namespace ampoule::posix;

namespace {

using Entry = abi::EmbeddedFile;

constexpr std::size_t kMaxPath = 4096; // PATH_MAX, with the final zero
/// open(2)
constexpr long kAccessMode = 3, kCreate = 0100, kExclusive = 0200,
               kTruncate = 01000, kDirectory = 0200000;

constinit const Entry *currentDirectory = nullptr; ///< null: the root

bool hasTree() { return ampoule_files_count != 0; }

int compare(const char *a, const char *b) {
  while (*a && *a == *b)
    ++a, ++b;
  return static_cast<unsigned char>(*a) - static_cast<unsigned char>(*b);
}

const Entry *find(const char *path) {
  std::uint64_t low = 0, high = ampoule_files_count;
  while (low < high) {
    std::uint64_t middle = (low + high) / 2;
    int order = compare(path, ampoule_files[middle].path);
    if (order == 0)
      return &ampoule_files[middle];
    (order < 0 ? high : low) = order < 0 ? middle : middle + 1;
  }
  return nullptr;
}

/// An absolute path without ".", ".." and empty parts.
class Path {
public:
  explicit Path(const Entry *from) {
    if (from && from->path[1])
      isTooLong = !append(from->path, __builtin_strlen(from->path));
  }

  void add(const char *path) {
    if (*path == '/')
      size = 0;
    while (*path && !isTooLong) {
      while (*path == '/')
        ++path;
      std::size_t part = 0;
      while (path[part] && path[part] != '/')
        ++part;
      mustBeDirectory = path[part] == '/' || part == 0 ||
                        (part <= 2 && path[0] == '.' && path[part - 1] == '.');
      if (part == 2 && path[0] == '.' && path[1] == '.') {
        while (size > 0 && text[--size] != '/')
          ;
      } else if (part != 0 && !(part == 1 && path[0] == '.')) {
        isTooLong = !append("/", 1) || !append(path, part);
      }
      path += part;
    }
  }

  const char *get() {
    if (size == 0)
      return "/";
    text[size] = 0;
    return text;
  }

  /// Whether a directory on the way is something else.
  bool passesFile() {
    get();
    for (std::size_t i = 1; i < size; ++i) {
      if (text[i] != '/')
        continue;
      text[i] = 0;
      const Entry *entry = find(text);
      text[i] = '/';
      if (entry && !isDirectory(*entry))
        return true;
    }
    return false;
  }

  bool isTooLong = false, mustBeDirectory = false;

private:
  bool append(const char *part, std::size_t length) {
    if (size + length >= sizeof(text))
      return false;
    __builtin_memcpy(text + size, part, length);
    size += length;
    return true;
  }

  std::size_t size = 0;
  char text[kMaxPath];
};

/// An open file description.
class OpenFile final : public File {
public:
  constexpr OpenFile() : File(0, 0, false) {}

  long read(char *buffer, std::size_t size) const override {
    long count = readAt(buffer, size, offset);
    if (count > 0)
      offset += static_cast<std::uint64_t>(count);
    return count;
  }
  long write(const char *, std::size_t) const override {
    return -kBadDescriptor;
  }
  long readAt(char *buffer, std::size_t size,
              std::uint64_t from) const override {
    if (isDirectory(*file))
      return -kIsDirectory;
    if (from >= file->size)
      return 0;
    std::size_t count = size < file->size - from ? size : file->size - from;
    __builtin_memcpy(buffer, file->data + from, count);
    return static_cast<long>(count);
  }
  long seek(std::int64_t distance, long whence) const override {
    std::int64_t origin = whence == 0   ? 0 // SEEK_SET, SEEK_CUR, SEEK_END
                          : whence == 1 ? static_cast<std::int64_t>(offset)
                                        : static_cast<std::int64_t>(file->size);
    std::int64_t target;
    if (whence < 0 || whence > 2 ||
        __builtin_add_overflow(origin, distance, &target) || target < 0)
      return -kInvalid;
    offset = static_cast<std::uint64_t>(target);
    return target;
  }
  const Entry *entry() const override { return file; }
  void release() const override { file = nullptr; }

  /// Null: free.
  mutable const Entry *file = nullptr;
  mutable std::uint64_t offset = 0;
};

constinit const OpenFile openFiles[kMaxDescriptors] = {};

const OpenFile *claim(const Entry &entry) {
  for (const OpenFile &slot : openFiles)
    if (!slot.file) {
      slot.file = &entry;
      slot.offset = 0;
      return &slot;
    }
  return nullptr;
}

long openEntry(const Entry &entry, long flags) {
  bool writes = (flags & kAccessMode) != 0 || flags & kTruncate;
  if (isDirectory(entry) && (writes || flags & kCreate))
    return -kIsDirectory;
  if (flags & kDirectory && !isDirectory(entry))
    return -kNotDirectory;
  if (writes)
    return -kReadOnly;
  const OpenFile *file = claim(entry);
  if (!file)
    return -kTooManyFiles;
  long fd = install(*file);
  if (fd < 0)
    file->release();
  return fd;
}

long openAt(long directory, const char *path, long flags) {
  Place place(directory, path);
  if (place.error == kNoEntry && flags & kCreate)
    return -kReadOnly;
  if (place.error)
    return -place.error;
  if (flags & kCreate && flags & kExclusive)
    return -kExists;
  if (place.device)
    return flags & kDirectory ? -kNotDirectory : install(*place.device);
  // There is an entry; only that there is no tree is known to the optimiser.
  return hasTree() ? openEntry(*place.entry, flags) : -kNoEntry;
}

long statAt(long directory, const char *path, KernelStat *result) {
  Place place(directory, path);
  if (place.error)
    return -place.error;
  describe(place.device, place.entry, *result);
  return 0;
}

long accessAt(long directory, const char *path, long mode) {
  constexpr long kWrite = 2, kExecute = 1; // W_OK, X_OK
  Place place(directory, path);
  if (place.error)
    return -place.error;
  std::uint32_t rights = place.device ? place.device->mode : place.entry->mode;
  if (mode & kWrite && place.entry)
    return -kReadOnly;
  return mode & kExecute && !(rights & 0111) ? -kAccess : 0;
}

/// There are no symbolic links.
long readLinkAt(long directory, const char *path) {
  Place place(directory, path);
  return place.error ? -place.error : -kInvalid;
}

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
  bool add(const Entry &entry, const char *name, std::uint64_t next) {
    constexpr std::size_t kHeader = offsetof(DirectoryEntry, name);
    constexpr unsigned kTypeShift = 12; // from st_mode to d_type
    std::size_t length = __builtin_strlen(name) + 1;
    std::size_t whole = (kHeader + length + 7) & ~std::size_t{7};
    if (whole > room - size)
      return false;
    auto *row = reinterpret_cast<DirectoryEntry *>(buffer + size);
    row->inode = inodeOf(entry);
    row->offset = static_cast<std::int64_t>(next);
    row->length = static_cast<std::uint16_t>(whole);
    row->type = static_cast<std::uint8_t>(entry.mode >> kTypeShift);
    __builtin_memcpy(row->name, name, length);
    size += whole;
    return true;
  }

  std::size_t size = 0;

private:
  char *buffer;
  std::size_t room;
};

/// The name of `entry` in the directory of that path; null: it is not there.
const char *nameIn(const char *directory, const Entry &entry) {
  const char *name = entry.path;
  if (directory[1]) // not "/"
    while (*directory)
      if (*directory++ != *name++)
        return nullptr;
  if (*name++ != '/' || !*name)
    return nullptr;
  for (const char *c = name; *c; ++c)
    if (*c == '/')
      return nullptr;
  return name;
}

/// Offsets: 0 is ".", 1 is "..", n + 2 the entry n of the table.
long list(const OpenFile &directory, char *buffer, std::size_t room) {
  const Entry &self = *directory.file;
  Listing listing(buffer, room);
  std::uint64_t &at = directory.offset;
  for (; at < ampoule_files_count + 2; ++at) {
    const Entry &entry = at < 2 ? self : ampoule_files[at - 2];
    const char *name = at == 0   ? "."
                       : at == 1 ? ".."
                                 : nameIn(self.path, entry);
    if (name && !listing.add(entry, name, at + 1))
      break;
  }
  if (listing.size == 0 && at < ampoule_files_count + 2)
    return -kInvalid;
  return static_cast<long>(listing.size);
}

} // namespace

bool posix::isDirectory(const Entry &entry) { return !entry.data; }

std::uint64_t posix::inodeOf(const Entry &entry) {
  return static_cast<std::uint64_t>(&entry - ampoule_files) + 1;
}

Place::Place(long directory, const char *path) {
  if (!*path) {
    error = kNoEntry;
    return;
  }
  if (!hasTree()) {
    device = findDevice(path);
    error = device ? 0 : kNoEntry;
    return;
  }
  const Entry *from = currentDirectory;
  if (*path != '/' && directory != kCurrentDirectory) {
    const File *file = fileOf(directory);
    from = file ? file->entry() : nullptr;
    if (!from || !isDirectory(*from)) {
      error = file ? kNotDirectory : kBadDescriptor;
      return;
    }
  }
  Path resolved(from);
  resolved.add(path);
  if (resolved.isTooLong) {
    error = kNameTooLong;
    return;
  }
  entry = find(resolved.get());
  if (!entry)
    device = findDevice(resolved.get());
  if (!entry && !device)
    error = resolved.passesFile() ? kNotDirectory : kNoEntry;
  else if (resolved.mustBeDirectory && !(entry && isDirectory(*entry)))
    error = kNotDirectory;
}

AMPOULE_SYSCALL(open, const char *path, long flags) {
  return openAt(kCurrentDirectory, path, flags);
}
AMPOULE_SYSCALL(openat, long directory, const char *path, long flags) {
  return openAt(directory, path, flags);
}
AMPOULE_SYSCALL(stat, const char *path, KernelStat *result) {
  return statAt(kCurrentDirectory, path, result);
}
AMPOULE_SYSCALL(lstat, const char *path, KernelStat *result) {
  return statAt(kCurrentDirectory, path, result);
}
AMPOULE_SYSCALL(newfstatat, long directory, const char *path,
                KernelStat *result, long flags) {
  constexpr long kEmptyPath = 0x1000; // AT_EMPTY_PATH
  if (!*path && flags & kEmptyPath && directory != kCurrentDirectory) {
    const File *file = fileOf(directory);
    if (!file)
      return -kBadDescriptor;
    describe(file, file->entry(), *result);
    return 0;
  }
  return statAt(directory, path, result);
}
AMPOULE_SYSCALL(access, const char *path, long mode) {
  return accessAt(kCurrentDirectory, path, mode);
}
AMPOULE_SYSCALL(faccessat, long directory, const char *path, long mode) {
  return accessAt(directory, path, mode);
}
AMPOULE_SYSCALL(faccessat2, long directory, const char *path, long mode) {
  return accessAt(directory, path, mode);
}
AMPOULE_SYSCALL(readlink, const char *path) {
  return readLinkAt(kCurrentDirectory, path);
}
AMPOULE_SYSCALL(readlinkat, long directory, const char *path) {
  return readLinkAt(directory, path);
}

/// The open directory; null: `error` says why not.
static const File *directoryAt(long fd, long &error) {
  const File *file = fileOf(fd);
  const Entry *entry = file ? file->entry() : nullptr;
  if (entry && isDirectory(*entry))
    return file;
  error = file ? -kNotDirectory : -kBadDescriptor;
  return nullptr;
}

AMPOULE_SYSCALL(getdents64, long fd, char *buffer, std::size_t size) {
  long error;
  const File *directory = directoryAt(fd, error);
  return directory
             ? list(static_cast<const OpenFile &>(*directory), buffer, size)
             : error;
}

AMPOULE_SYSCALL(getcwd, char *buffer, std::size_t size) {
  const char *path = currentDirectory ? currentDirectory->path : "/";
  std::size_t length = __builtin_strlen(path) + 1;
  if (size < length)
    return -kRange;
  __builtin_memcpy(buffer, path, length);
  return static_cast<long>(length);
}

AMPOULE_SYSCALL(chdir, const char *path) {
  if (!hasTree())
    return path[0] == '/' && path[1] == 0 ? 0 : -kNoEntry;
  Place place(kCurrentDirectory, path);
  if (place.error)
    return -place.error;
  if (!place.entry || !isDirectory(*place.entry))
    return -kNotDirectory;
  currentDirectory = place.entry;
  return 0;
}

AMPOULE_SYSCALL(fchdir, long fd) {
  long error;
  const File *directory = directoryAt(fd, error);
  if (!directory)
    return error;
  currentDirectory = directory->entry();
  return 0;
}
