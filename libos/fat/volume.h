// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// FAT file systems on disks, by FatFs, which asks for sectors here. One thread
// at a time: libos/posix/mounts.h has the lock.
#pragma once

#include "libos/blkfront/blkfront.h"
#include "libos/posix/posix.h"

#include <entries.h>

namespace ampoule::fat {

/// Sectors one after another of what files hold, in memory.
struct Run {
  std::uint64_t first = 0, count = 0;
  char *bytes = nullptr;

  std::uint64_t end() const { return first + count; }
  bool has(std::uint64_t sector) const {
    return sector >= first && sector < end();
  }
  bool overlaps(std::uint64_t sector, std::uint64_t others) const {
    return sector < end() && first < sector + others;
  }
};

class Volume {
public:
  constexpr Volume() = default;

  /// Looks for the file system: on the whole disk, or in the first partition
  /// that has one. 0 or an errno.
  long mount(unsigned disk);
  bool isMounted() const { return system != nullptr; }
  bool isReadOnly() const { return disk->isReadOnly(); }
  /// Null: not mounted.
  FATFS *system = nullptr;

  bool read(char *to, std::uint64_t sector, std::size_t count);
  bool write(const char *from, std::uint64_t sector, std::size_t count);
  /// Writes what waits in memory: content of files, and the FAT.
  bool store();
  /// The same, and lasting.
  bool flush();
  std::uint32_t sectorSize() const { return disk->blockSize(); }

private:
  /// What has been written and may not have reached lasting storage: of
  /// directories or of the FAT, never both.
  enum class Kind : std::uint8_t { Other, Directory, Fat };

  Kind kindOf(std::uint64_t sector) const;
  bool isContent(const char *buffer) const;
  bool isOnDisk(std::uint64_t sector, std::size_t count) const;
  bool readSector(char *to, std::uint64_t sector);
  bool writeSector(const char *from, std::uint64_t sector);
  bool readContent(char *to, std::uint64_t sector, std::size_t count);
  bool writeContent(const char *from, std::uint64_t sector, std::size_t count);
  bool fill(std::uint64_t sector, std::size_t count);
  bool storeFat();
  bool isInFat(std::uint64_t sector) const;
  unsigned slotOf(std::uint64_t sector) const;
  char *bytesOf(unsigned slot) const { return cached + slot * sectorSize(); }
  std::size_t mostInRun() const { return kRunSize / sectorSize(); }

  /// Sectors that were read or written one by one; a sector has one slot. Those of
  /// the FAT wait there: each is written many times while a file grows.
  static constexpr unsigned kCached = 128;
  char *cached = nullptr;
  std::uint64_t sectors[kCached] = {};
  bool waits[kCached] = {};

  /// FatFs moves no more than a cluster at a time, and programs often less. A disk
  /// is asked for as much as goes into one request.
  static constexpr std::size_t kRunSize =
      blkfront::Requests::kMost * abi::kPageSize;
  Run ahead;  ///< read before it is asked for
  Run behind; ///< written, and not yet on the disk
  std::uint64_t nextRead = 0; ///< where the last reading ended

  blkfront::Disk *disk = nullptr;
  Kind unflushed = Kind::Other;
};

/// An errno; 0: none.
long errnoOf(FRESULT result);

/// FAT's times count two seconds, in UTC here, from 1980 on.
std::uint32_t fromTime(std::int64_t seconds);
std::int64_t toTime(std::uint32_t fatTime);

} // namespace ampoule::fat
