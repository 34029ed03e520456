// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Files, as far as the three standard descriptors go: a terminal that is always
// there. There is no input yet: reading meets the end of the file.
#include "libos/abi/module.h"
#include "libos/console/console.h"
#include "libos/posix/posix.h"

using namespace ampoule;
using namespace ampoule::posix;

AMPOULE_MODULE(posix, nullptr);

namespace {

struct Segment { // struct iovec
  const char *base;
  std::size_t size;
};

constexpr std::uint32_t kCharacterDevice = 0020000, kOwnerReadWrite = 0620;

struct KernelStat { // arch/x86_64/kstat.h
  std::uint64_t device, inode, links;
  std::uint32_t mode, user, group, padding;
  std::uint64_t deviceId;
  std::int64_t size, blockSize, blocks;
  TimeSpec times[3];
  std::int64_t unused[3];
};
static_assert(sizeof(KernelStat) == 144);

} // namespace

AMPOULE_SYSCALL(write, long fd, const char *buffer, std::size_t size) {
  if (fd != 1 && fd != 2)
    return -kBadDescriptor;
  console::write(buffer, size);
  return static_cast<long>(size);
}

AMPOULE_SYSCALL(writev, long fd, const Segment *segments, long count) {
  if (fd != 1 && fd != 2)
    return -kBadDescriptor;
  long written = 0;
  for (long i = 0; i < count; ++i) {
    console::write(segments[i].base, segments[i].size);
    written += static_cast<long>(segments[i].size);
  }
  return written;
}

AMPOULE_SYSCALL(read, long fd) { return fd == 0 ? 0 : -kBadDescriptor; }

AMPOULE_SYSCALL(readv, long fd) { return fd == 0 ? 0 : -kBadDescriptor; }

AMPOULE_SYSCALL(close, long fd) { return isConsole(fd) ? 0 : -kBadDescriptor; }

AMPOULE_SYSCALL(lseek, long fd) {
  return isConsole(fd) ? -kIllegalSeek : -kBadDescriptor;
}

AMPOULE_SYSCALL(ioctl, long fd, unsigned long request, std::uint16_t *size) {
  constexpr unsigned long kGetWindowSize = 0x5413; // TIOCGWINSZ
  if (!isConsole(fd))
    return -kBadDescriptor;
  if (request != kGetWindowSize)
    return -kNotTerminal;
  size[0] = 25;
  size[1] = 80;
  size[2] = size[3] = 0;
  return 0;
}

AMPOULE_SYSCALL(fcntl, long fd, long command) {
  constexpr long kGetFlags = 3, kReadWrite = 2; // F_GETFL, O_RDWR
  constexpr long kGetDescriptorFlags = 1, kSetDescriptorFlags = 2;
  if (!isConsole(fd))
    return -kBadDescriptor;
  if (command == kGetFlags)
    return kReadWrite;
  if (command == kGetDescriptorFlags || command == kSetDescriptorFlags)
    return 0;
  return -kInvalid;
}

AMPOULE_SYSCALL(fstat, long fd, KernelStat *result) {
  if (!isConsole(fd))
    return -kBadDescriptor;
  *result = {};
  result->links = 1;
  result->mode = kCharacterDevice | kOwnerReadWrite;
  result->deviceId = 0x501; // console: major 5, minor 1
  result->blockSize = 1024;
  return 0;
}

AMPOULE_SYSCALL(open) { return -kNoEntry; }
AMPOULE_SYSCALL(openat) { return -kNoEntry; }
AMPOULE_SYSCALL(stat) { return -kNoEntry; }
AMPOULE_SYSCALL(lstat) { return -kNoEntry; }
AMPOULE_SYSCALL(newfstatat) { return -kNoEntry; }
AMPOULE_SYSCALL(access) { return -kNoEntry; }
AMPOULE_SYSCALL(readlink) { return -kNoEntry; }
