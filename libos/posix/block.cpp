// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Disks as files: /dev/xvda, … Each description has its own place in the disk.
// Nothing is cached, so O_DIRECT changes nothing; part of a block is read,
// changed and written back.
#include "libos/abi/config.h"
#include "libos/blkfront/blkfront.h"
#include "libos/memory/objects.h"
#include "libos/posix/file.h"
#include "libos/threads/mutex.h"
#include "xen-boot/abi/layout.h"

using namespace ampoule;
using namespace ampoule::posix;

namespace {

constexpr long kIoError = 5;

/// While part of a block is changed.
constinit threads::Mutex changing;

class BlockFile final : public File {
public:
  BlockFile(blkfront::Disk &disk, std::uint32_t mode, std::uint32_t device,
            std::uint32_t flags)
      : File(mode, device, false, flags), disk(disk) {}

  long read(char *buffer, std::size_t size) override {
    return advance(readAt(buffer, size, offset));
  }
  long write(const char *buffer, std::size_t size) override {
    return advance(writeAt(buffer, size, offset));
  }
  long readAt(char *buffer, std::size_t size, std::uint64_t from) override {
    return transfer(size, from, [&](std::size_t done, std::size_t part,
                                    std::uint64_t at, std::size_t skipped) {
      if (part % disk.blockSize() == 0 && skipped == 0)
        return disk.read(buffer + done, part, at);
      char block[abi::kPageSize];
      bool isGood = disk.read(block, disk.blockSize(), at);
      __builtin_memcpy(buffer + done, block + skipped, part);
      return isGood;
    });
  }
  long writeAt(const char *buffer, std::size_t size,
               std::uint64_t from) override {
    if (size && from >= disk.size())
      return -kNoSpace;
    long count = transfer(size, from,
                          [&](std::size_t done, std::size_t part,
                              std::uint64_t at, std::size_t skipped) {
      if (part % disk.blockSize() == 0 && skipped == 0)
        return disk.write(buffer + done, part, at);
      threads::Holding held(changing);
      char block[abi::kPageSize];
      if (!disk.read(block, disk.blockSize(), at))
        return false;
      __builtin_memcpy(block + skipped, buffer + done, part);
      return disk.write(block, disk.blockSize(), at);
    });
    return count > 0 && flags & kDataSync && flush() ? -kIoError : count;
  }
  long seek(std::int64_t distance, long whence) override;
  long flush() override { return disk.flush() ? 0 : -kIoError; }
  long control(unsigned long request, void *argument) override;
  void release() override { memory::destroy(this); }

private:
  long advance(long count) {
    if (count > 0)
      offset += static_cast<std::uint64_t>(count);
    return count;
  }

  /// Cuts a range into whole blocks and parts of one:
  /// move(bytes done, bytes, block's offset, bytes skipped in it).
  template <typename Move>
  long transfer(std::size_t size, std::uint64_t from, Move move) {
    if (from >= disk.size())
      return 0;
    if (size > disk.size() - from)
      size = disk.size() - from;
    std::size_t done = 0;
    while (done < size) {
      std::uint64_t at = (from + done) & ~(disk.blockSize() - 1ull);
      std::size_t skipped = from + done - at, part = size - done;
      if (skipped || part < disk.blockSize())
        part = part < disk.blockSize() - skipped ? part
                                                 : disk.blockSize() - skipped;
      else
        part &= ~(disk.blockSize() - 1ull);
      if (!move(done, part, at, skipped))
        return done ? static_cast<long>(done) : -kIoError;
      done += part;
    }
    return static_cast<long>(done);
  }

  blkfront::Disk &disk;
  std::uint64_t offset = 0;
};

long BlockFile::seek(std::int64_t distance, long whence) {
  constexpr long kSet = 0, kCurrent = 1, kEnd = 2;
  if (whence < kSet || whence > kEnd)
    return -kInvalid;
  std::int64_t target,
      origin = whence == kSet ? 0
                              : static_cast<std::int64_t>(
                                    whence == kCurrent ? offset : disk.size());
  if (__builtin_add_overflow(origin, distance, &target) || target < 0)
    return -kInvalid;
  offset = static_cast<std::uint64_t>(target);
  return target;
}

long BlockFile::control(unsigned long request, void *argument) {
  enum : unsigned long { // linux/fs.h
    kIsReadOnly = 0x125e,
    kSizeInSectors = 0x1260,
    kFlushBuffers = 0x1261,
    kBlockSize = 0x1268,
    kPhysicalBlockSize = 0x127b,
    kDiscard = 0x1277,
    kSizeInBytes = 0x80081272,
  };
  auto *words = static_cast<std::uint32_t *>(argument);
  auto *longs = static_cast<std::uint64_t *>(argument);
  switch (request) {
  case kIsReadOnly:
    words[0] = disk.isReadOnly();
    return 0;
  case kSizeInSectors:
    longs[0] = disk.size() / blkfront::kSector;
    return 0;
  case kFlushBuffers:
    return flush();
  case kBlockSize:
  case kPhysicalBlockSize:
    words[0] = disk.blockSize();
    return 0;
  case kDiscard: {
    std::uint64_t end;
    if (!disk.canDiscard())
      return -kNotSupported;
    if (disk.isReadOnly() || (flags & kAccessMode) == kReadOnlyAccess)
      return -kBadDescriptor;
    if ((longs[0] | longs[1]) % disk.blockSize() || longs[1] == 0 ||
        __builtin_add_overflow(longs[0], longs[1], &end) || end > disk.size())
      return -kInvalid;
    return disk.discard(longs[0], longs[1]) ? 0 : -kIoError;
  }
  case kSizeInBytes:
    longs[0] = disk.size();
    return 0;
  default:
    return refuseControl(request);
  }
}

/// What stands in the tree; opening it makes a description.
class BlockDevice final : public File {
public:
  constexpr explicit BlockDevice(unsigned index)
      // Linux, Documentation/admin-guide/devices.txt: 16 minor numbers each.
      : File(kBlockDevice | 0660, 202 << 8 | index * 16), index(index) {}

  long read(char *, std::size_t) override { return -kInvalid; }
  long write(const char *, std::size_t) override { return -kInvalid; }
  long open(std::uint32_t descriptorFlags) override {
    blkfront::Disk *disk = blkfront::disk(index);
    if (!disk || !disk->isReady())
      return -kNoDeviceOrAddress;
    if (disk->isReadOnly() &&
        (descriptorFlags & kAccessMode) != kReadOnlyAccess)
      return -kReadOnly;
    constexpr std::uint32_t kKept = kAccessMode | kDataSync | kNonBlocking;
    auto *file = memory::make<BlockFile>(*disk, mode, device,
                                         descriptorFlags & kKept);
    return file ? install(*file, descriptorFlags) : -kOutOfMemory;
  }

private:
  unsigned index;
};

constinit BlockDevice devices[detail::kMostDisks] = {
    BlockDevice(0), BlockDevice(1), BlockDevice(2), BlockDevice(3),
    BlockDevice(4), BlockDevice(5), BlockDevice(6), BlockDevice(7)};

} // namespace

File *posix::blockDevice(unsigned index) {
  return blkfront::disk(index) ? &devices[index] : nullptr;
}

long posix::flushDisks() {
  long result = 0;
  for (unsigned i = 0; i < ampoule_config_disks; ++i)
    if (blkfront::Disk *disk = blkfront::disk(i); disk && !disk->flush())
      result = -kIoError;
  return result;
}
