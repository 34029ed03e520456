// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Descriptors and the calls on them. What is behind one is the business of the
// file's kind.
#include "libos/posix/file.h"
#include "libos/posix/tree.h"

#include "libos/abi/module.h"
#include "xen-boot/abi/layout.h"

using namespace ampoule;
using namespace ampoule::posix;

AMPOULE_MODULE(posix, nullptr);

namespace {

constinit const File *files[kMaxDescriptors] = {&terminal, &terminal,
                                                &terminal};

struct Segment { // struct iovec
  char *base;
  std::size_t size;
};
constexpr long kMaxSegments = 1024; // IOV_MAX

} // namespace

const File *posix::fileOf(long fd) {
  return fd >= 0 && fd < kMaxDescriptors ? files[fd] : nullptr;
}

long posix::install(const File &file, long first) {
  for (long fd = first; fd < kMaxDescriptors; ++fd)
    if (!files[fd]) {
      files[fd] = &file;
      return fd;
    }
  return -kTooManyFiles;
}

AMPOULE_SYSCALL(write, long fd, const char *buffer, std::size_t size) {
  const File *file = fileOf(fd);
  return file ? file->write(buffer, size) : -kBadDescriptor;
}

AMPOULE_SYSCALL(read, long fd, char *buffer, std::size_t size) {
  const File *file = fileOf(fd);
  return file ? file->read(buffer, size) : -kBadDescriptor;
}

/// A short transfer ends the call: a terminal has given all of a line.
template <typename Transfer>
static long forEachSegment(long fd, const Segment *segments, long count,
                           Transfer transfer) {
  const File *file = fileOf(fd);
  if (!file)
    return -kBadDescriptor;
  if (count < 0 || count > kMaxSegments)
    return -kInvalid;
  long total = 0;
  for (long i = 0; i < count; ++i) {
    if (segments[i].size == 0)
      continue;
    long done = transfer(*file, segments[i].base, segments[i].size);
    if (done < 0)
      return total ? total : done;
    total += done;
    if (static_cast<std::size_t>(done) != segments[i].size)
      break;
  }
  return total;
}

AMPOULE_SYSCALL(writev, long fd, const Segment *segments, long count) {
  return forEachSegment(fd, segments, count,
                        [](const File &file, char *from, std::size_t size) {
                          return file.write(from, size);
                        });
}

AMPOULE_SYSCALL(readv, long fd, const Segment *segments, long count) {
  return forEachSegment(fd, segments, count,
                        [](const File &file, char *to, std::size_t size) {
                          return file.read(to, size);
                        });
}

AMPOULE_SYSCALL(pread64, long fd, char *buffer, std::size_t size,
                std::int64_t offset) {
  const File *file = fileOf(fd);
  if (!file)
    return -kBadDescriptor;
  return offset < 0
             ? -kInvalid
             : file->readAt(buffer, size, static_cast<std::uint64_t>(offset));
}

AMPOULE_SYSCALL(preadv, long fd, const Segment *segments, long count,
                std::int64_t offset) {
  if (offset < 0)
    return -kInvalid;
  auto at = static_cast<std::uint64_t>(offset);
  return forEachSegment(fd, segments, count,
                        [&](const File &file, char *to, std::size_t size) {
                          long done = file.readAt(to, size, at);
                          if (done > 0)
                            at += static_cast<std::uint64_t>(done);
                          return done;
                        });
}

/// The descriptor no longer refers to anything.
static void drop(long fd) {
  const File *file = files[fd];
  files[fd] = nullptr;
  for (const File *other : files)
    if (other == file)
      return;
  file->release();
}

AMPOULE_SYSCALL(close, long fd) {
  if (!fileOf(fd))
    return -kBadDescriptor;
  drop(fd);
  return 0;
}

AMPOULE_SYSCALL(lseek, long fd, std::int64_t offset, long whence) {
  const File *file = fileOf(fd);
  return file ? file->seek(offset, whence) : -kBadDescriptor;
}

AMPOULE_SYSCALL(dup, long fd) {
  const File *file = fileOf(fd);
  return file ? install(*file) : -kBadDescriptor;
}

static long duplicateTo(long fd, long to) {
  const File *file = fileOf(fd);
  if (!file || to < 0 || to >= kMaxDescriptors)
    return -kBadDescriptor;
  if (files[to] && fd != to)
    drop(to);
  files[to] = file;
  return to;
}

AMPOULE_SYSCALL(dup2, long fd, long to) { return duplicateTo(fd, to); }

AMPOULE_SYSCALL(dup3, long fd, long to) {
  return fd == to ? -kInvalid : duplicateTo(fd, to);
}

AMPOULE_SUPPORTS(ioctl, 1, "request", 0x5413);
AMPOULE_SYSCALL(ioctl, long fd, unsigned long request, std::uint16_t *size) {
  constexpr unsigned long kGetWindowSize = 0x5413; // TIOCGWINSZ
  const File *file = fileOf(fd);
  if (!file)
    return -kBadDescriptor;
  if (request != kGetWindowSize) {
    static constinit bool said = false;
    __ampoule_refused("ioctl", request, &said);
    return -kNotTerminal;
  }
  if (!file->isTerminal)
    return -kNotTerminal;
  size[0] = 25;
  size[1] = 80;
  size[2] = size[3] = 0;
  return 0;
}

AMPOULE_SUPPORTS(fcntl, 1, "command", 0, 1, 2, 3, 1030);
AMPOULE_SYSCALL(fcntl, long fd, long command, long argument) {
  enum : long { // F_DUPFD, …
    kDuplicate = 0,
    kGetDescriptorFlags = 1,
    kSetDescriptorFlags = 2,
    kGetFlags = 3,
    kDuplicateCloseOnExec = 1030,
  };
  constexpr long kReadWrite = 2, kReadOnlyFlag = 0; // O_RDWR, O_RDONLY
  const File *file = fileOf(fd);
  if (!file)
    return -kBadDescriptor;
  switch (command) {
  case kDuplicate:
  case kDuplicateCloseOnExec:
    return argument < 0 || argument >= kMaxDescriptors
               ? -kInvalid
               : install(*file, argument);
  case kGetDescriptorFlags:
  case kSetDescriptorFlags:
    return 0;
  case kGetFlags:
    return file->entry() ? kReadOnlyFlag : kReadWrite;
  default:
    static constinit bool said = false;
    __ampoule_refused("fcntl", static_cast<unsigned long>(command), &said);
    return -kInvalid;
  }
}

void posix::describe(const File *file, const abi::EmbeddedFile *entry,
                     KernelStat &result) {
  constexpr std::int64_t kBlock = 512;
  result = {};
  result.links = 1;
  result.blockSize = abi::kPageSize;
  if (!entry) {
    result.mode = file->mode;
    result.deviceId = file->device;
    return;
  }
  result.device = 1;
  result.inode = inodeOf(*entry);
  result.mode = entry->mode;
  result.size = static_cast<std::int64_t>(entry->size);
  result.blocks = (result.size + kBlock - 1) / kBlock;
}

AMPOULE_SYSCALL(fstat, long fd, KernelStat *result) {
  const File *file = fileOf(fd);
  if (!file)
    return -kBadDescriptor;
  describe(file, file->entry(), *result);
  return 0;
}
