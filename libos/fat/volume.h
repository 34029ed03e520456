// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// FAT file systems on disks, by FatFs, which asks for sectors here. One thread
// at a time: libos/posix/mounts.h has the lock.
#pragma once

#include "libos/blkfront/blkfront.h"
#include "libos/posix/posix.h"

#include <entries.h>

namespace ampoule::fat {

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
  bool flush();
  std::uint32_t sectorSize() const { return disk->blockSize(); }

private:
  /// What has been written and may not have reached lasting storage: of
  /// directories or of the FAT, never both.
  enum class Kind : std::uint8_t { Other, Directory, Fat };

  Kind kindOf(const char *from, std::uint64_t sector) const;
  bool isOnDisk(std::uint64_t sector, std::size_t count) const;

  /// Sectors that were read one by one, of directories and of the FAT; a sector
  /// has one place.
  static constexpr unsigned kCached = 128;
  char *cached = nullptr;
  std::uint64_t sectors[kCached] = {};

  blkfront::Disk *disk = nullptr;
  Kind unflushed = Kind::Other;
};

/// An errno; 0: none.
long errnoOf(FRESULT result);

/// FAT's times count two seconds, in UTC here, from 1980 on.
std::uint32_t fromTime(std::int64_t seconds);
std::int64_t toTime(std::uint32_t fatTime);

} // namespace ampoule::fat
