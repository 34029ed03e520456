// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Descriptors and the calls on them. What is behind one is the business of the
// file's kind.
#include "libos/posix/file.h"

#include "libos/abi/module.h"
#include "libos/posix/termios.h"
#include "xen-boot/abi/layout.h"

using namespace ampoule;
using namespace ampoule::posix;

AMPOULE_MODULE(posix, nullptr);

extern "C" int __ampoule_live_pthread_create();

namespace {

constinit File *files[kMaxDescriptors] = {&terminal, &terminal, &terminal};
constinit bool closesOnExec[kMaxDescriptors] = {};

bool canRead(const File &file) {
  return (file.flags & kAccessMode) != kWriteOnlyAccess;
}
bool canWrite(const File &file) {
  return (file.flags & kAccessMode) != kReadOnlyAccess;
}

constinit void (*forget)(File &) = nullptr;

void refer(long fd, File &file, bool closeOnExec) {
  files[fd] = &file;
  closesOnExec[fd] = closeOnExec;
  ++file.references;
}

} // namespace

void posix::drop(File &file) {
  if (&file == &terminal || --file.references != 0)
    return;
  if (forget)
    forget(file);
  file.release();
}

void posix::closeDescriptor(long fd) {
  File *file = files[fd];
  files[fd] = nullptr;
  drop(*file);
}

Hold::Hold(File &file) : file(file) {
  if (__ampoule_live_pthread_create())
    ++file.references;
}

Hold::~Hold() {
  if (__ampoule_live_pthread_create())
    drop(file);
}

void posix::onClose(void (*function)(File &)) { forget = function; }

File *posix::fileOf(long fd) {
  return fd >= 0 && fd < kMaxDescriptors ? files[fd] : nullptr;
}

long posix::install(File &file, std::uint32_t flags, long first) {
  for (long fd = first; fd < kMaxDescriptors; ++fd)
    if (!files[fd]) {
      refer(fd, file, flags & kCloseOnExec);
      return fd;
    }
  if (file.references == 0)
    file.release();
  return -kTooManyFiles;
}

long File::open(std::uint32_t descriptorFlags) {
  return install(*this, descriptorFlags);
}

AMPOULE_SYSCALL(write, long fd, const char *buffer, std::size_t size) {
  File *file = fileOf(fd);
  if (!file || !canWrite(*file))
    return -kBadDescriptor;
  Hold hold(*file);
  return file->write(buffer, size);
}

AMPOULE_SYSCALL(read, long fd, char *buffer, std::size_t size) {
  File *file = fileOf(fd);
  if (!file || !canRead(*file))
    return -kBadDescriptor;
  Hold hold(*file);
  return file->read(buffer, size);
}

/// A short transfer ends the call: a terminal has given all of a line.
template <typename Transfer>
static long forEachSegment(const Segment *segments, long count,
                           Transfer transfer) {
  long total = 0;
  for (long i = 0; i < count; ++i) {
    if (segments[i].size == 0)
      continue;
    long done = transfer(segments[i].base, segments[i].size);
    if (done < 0)
      return total ? total : done;
    total += done;
    if (static_cast<std::size_t>(done) != segments[i].size)
      break;
  }
  return total;
}

long posix::readEach(File &file, const Segment *segments, long count) {
  return forEachSegment(segments, count, [&](char *to, std::size_t size) {
    return file.read(to, size);
  });
}

long posix::writeEach(File &file, const Segment *segments, long count) {
  return forEachSegment(segments, count, [&](char *from, std::size_t size) {
    return file.write(from, size);
  });
}

AMPOULE_SYSCALL(writev, long fd, const Segment *segments, long count) {
  File *file = fileOf(fd);
  if (!file || !canWrite(*file))
    return -kBadDescriptor;
  if (count < 0 || count > kMaxSegments)
    return -kInvalid;
  Hold hold(*file);
  return file->writeAll(segments, count);
}

AMPOULE_SYSCALL(readv, long fd, const Segment *segments, long count) {
  File *file = fileOf(fd);
  if (!file || !canRead(*file))
    return -kBadDescriptor;
  if (count < 0 || count > kMaxSegments)
    return -kInvalid;
  Hold hold(*file);
  return file->readAll(segments, count);
}

AMPOULE_SYSCALL(pread64, long fd, char *buffer, std::size_t size,
                std::int64_t offset) {
  File *file = fileOf(fd);
  if (!file || !canRead(*file))
    return -kBadDescriptor;
  if (offset < 0)
    return -kInvalid;
  Hold hold(*file);
  return file->readAt(buffer, size, static_cast<std::uint64_t>(offset));
}

AMPOULE_SYSCALL(pwrite64, long fd, const char *buffer, std::size_t size,
                std::int64_t offset) {
  File *file = fileOf(fd);
  if (!file || !canWrite(*file))
    return -kBadDescriptor;
  if (offset < 0)
    return -kInvalid;
  Hold hold(*file);
  return file->writeAt(buffer, size, static_cast<std::uint64_t>(offset));
}

AMPOULE_SYSCALL(preadv, long fd, const Segment *segments, long count,
                std::int64_t offset) {
  File *file = fileOf(fd);
  if (!file || !canRead(*file))
    return -kBadDescriptor;
  if (offset < 0 || count < 0 || count > kMaxSegments)
    return -kInvalid;
  Hold hold(*file);
  auto at = static_cast<std::uint64_t>(offset);
  return forEachSegment(segments, count, [&](char *to, std::size_t size) {
    long done = file->readAt(to, size, at);
    if (done > 0)
      at += static_cast<std::uint64_t>(done);
    return done;
  });
}

AMPOULE_SYSCALL(pwritev, long fd, const Segment *segments, long count,
                std::int64_t offset) {
  File *file = fileOf(fd);
  if (!file || !canWrite(*file))
    return -kBadDescriptor;
  if (offset < 0 || count < 0 || count > kMaxSegments)
    return -kInvalid;
  Hold hold(*file);
  auto at = static_cast<std::uint64_t>(offset);
  return forEachSegment(segments, count, [&](char *from, std::size_t size) {
    long done = file->writeAt(from, size, at);
    if (done > 0)
      at += static_cast<std::uint64_t>(done);
    return done;
  });
}

AMPOULE_SYSCALL(close, long fd) {
  if (!fileOf(fd))
    return -kBadDescriptor;
  closeDescriptor(fd);
  return 0;
}

AMPOULE_SYSCALL(lseek, long fd, std::int64_t offset, long whence) {
  File *file = fileOf(fd);
  return file ? file->seek(offset, whence) : -kBadDescriptor;
}

AMPOULE_SYSCALL(dup, long fd) {
  File *file = fileOf(fd);
  return file ? install(*file, 0) : -kBadDescriptor;
}

static long duplicateTo(long fd, long to, std::uint32_t flags) {
  File *file = fileOf(fd);
  if (!file || to < 0 || to >= kMaxDescriptors)
    return -kBadDescriptor;
  if (fd == to)
    return to;
  if (files[to])
    closeDescriptor(to);
  refer(to, *file, flags & kCloseOnExec);
  return to;
}

AMPOULE_SYSCALL(dup2, long fd, long to) { return duplicateTo(fd, to, 0); }

AMPOULE_SYSCALL(dup3, long fd, long to, std::uint32_t flags) {
  return fd == to ? -kInvalid : duplicateTo(fd, to, flags);
}

AMPOULE_SUPPORTS(ioctl, 1, "request", 0x5401, 0x5402, 0x5403, 0x5404, 0x5409,
                 0x540b, 0x540f, 0x5410, 0x5413, 0x541b, 0x5421, 0x5450, 0x5451,
                 0x125e, 0x1260, 0x1261, 0x1268, 0x127b, 0x1277, 0x8910, 0x8912,
                 0x8913, 0x8915, 0x8919, 0x891b, 0x8921, 0x8927, 0x8933,
                 // What is above 31 bits comes with its sign.
                 0x80081272, -0x7ff7ed8e);
AMPOULE_SYSCALL(ioctl, long fd, std::uint32_t request, void *argument) {
  enum : std::uint32_t { // asm-generic/ioctls.h
    kGetAvailable = 0x541b,
    kSetNonBlocking = 0x5421,
    kClearCloseOnExec = 0x5450,
    kSetCloseOnExec = 0x5451,
  };
  File *file = fileOf(fd);
  if (!file)
    return -kBadDescriptor;
  auto *words = static_cast<std::uint32_t *>(argument);
  switch (request) {
  case kGetAttributes:
  case kSetAttributes:
  case kSetAttributesAfterOutput:
  case kSetAttributesAndFlush:
  case kSendBreak:
  case kFlush:
  case kGetGroup:
  case kSetGroup:
  case kGetWindowSize:
    return file->isTerminal ? controlTerminal(request, argument)
                            : -kNotTerminal;
  case kGetAvailable: {
    long count = file->available();
    if (count >= 0)
      words[0] = static_cast<std::uint32_t>(count);
    return count < 0 ? count : 0;
  }
  case kSetNonBlocking:
    file->flags = words[0] ? file->flags | kNonBlocking
                           : file->flags & ~std::uint32_t{kNonBlocking};
    return 0;
  case kClearCloseOnExec:
  case kSetCloseOnExec:
    closesOnExec[fd] = request == kSetCloseOnExec;
    return 0;
  default: {
    Hold hold(*file);
    return file->control(request, argument);
  }
  }
}

long posix::refuseControl(unsigned long request) {
  static constinit bool said = false;
  __ampoule_refused("ioctl", request, &said);
  return -kNotTerminal;
}

AMPOULE_SUPPORTS(fcntl, 1, "command", 0, 1, 2, 3, 4, 5, 6, 7, 1030);
AMPOULE_SYSCALL(fcntl, long fd, long command, long argument) {
  enum : long { // F_DUPFD, …
    kDuplicate = 0,
    kGetDescriptorFlags = 1,
    kSetDescriptorFlags = 2,
    kGetFlags = 3,
    kSetFlags = 4,
    kGetLock = 5,
    kSetLock = 6,
    kSetLockAndWait = 7,
    kDuplicateCloseOnExec = 1030,
  };
  constexpr std::uint32_t kCanChange = kAppend | kNonBlocking;
  File *file = fileOf(fd);
  if (!file)
    return -kBadDescriptor;
  switch (command) {
  case kDuplicate:
  case kDuplicateCloseOnExec:
    return argument < 0 || argument >= kMaxDescriptors
               ? -kInvalid
               : install(*file, command == kDuplicate ? 0 : kCloseOnExec,
                         argument);
  case kGetDescriptorFlags:
    return closesOnExec[fd];
  case kSetDescriptorFlags:
    closesOnExec[fd] = argument & 1;
    return 0;
  case kGetFlags:
    return static_cast<long>(file->flags);
  case kSetFlags:
    file->flags = (file->flags & ~kCanChange) |
                  (static_cast<std::uint32_t>(argument) & kCanChange);
    return 0;
  case kGetLock: {
    // Locks are between processes, and there is one.
    constexpr std::int16_t kUnlocked = 2;
    *reinterpret_cast<std::int16_t *>(argument) = kUnlocked;
    return 0;
  }
  case kSetLock:
  case kSetLockAndWait:
    return 0;
  default:
    static constinit bool said = false;
    __ampoule_refused("fcntl", static_cast<unsigned long>(command), &said);
    return -kInvalid;
  }
}

AMPOULE_SYSCALL(flock, long fd) { return fileOf(fd) ? 0 : -kBadDescriptor; }

AMPOULE_SYSCALL(fstat, long fd, KernelStat *result) {
  File *file = fileOf(fd);
  if (!file)
    return -kBadDescriptor;
  describe(file, file->node(), *result);
  return 0;
}
