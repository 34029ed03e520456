// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "libos/fat/volume.h"

#include "libos/abi/module.h"
#include "libos/memory/objects.h"
#include "libos/time/time.h"

#include <diskio.h>

namespace ampoule::fat {

long Volume::mount(unsigned index) {
  disk = blkfront::disk(index);
  if (!disk || !disk->isReady())
    return posix::kNoDeviceOrAddress;
  std::size_t size = kCached * sectorSize() + 2 * kRunSize;
  auto *made = static_cast<FATFS *>(memory::takeBytes(sizeof(FATFS)));
  auto *buffers = static_cast<char *>(memory::takeBytes(size));
  FRESULT result = FR_NOT_ENOUGH_CORE;
  if (made && buffers) {
    cached = buffers;
    ahead = {.bytes = buffers + kCached * sectorSize()};
    behind = {.bytes = ahead.bytes + kRunSize};
    for (std::uint64_t &sector : sectors)
      sector = ~0ull;
    made->drv = this;
    result = f_mount(made);
  }
  if (!result) {
    system = made;
    return 0;
  }
  if (made)
    memory::giveBytes(made, sizeof(FATFS));
  if (buffers)
    memory::giveBytes(buffers, size);
  return errnoOf(result);
}

bool Volume::isOnDisk(std::uint64_t sector, std::size_t count) const {
  return sector + count <= disk->size() / sectorSize();
}

/// Directories and the FAT go through FatFs's window, sector by sector.
bool Volume::isContent(const char *buffer) const {
  return system && buffer != reinterpret_cast<const char *>(system->win);
}

Volume::Kind Volume::kindOf(std::uint64_t sector) const {
  if (sector < system->fatbase)
    return Kind::Other;
  return sector - system->fatbase <
                 std::uint64_t{system->fsize} * system->n_fats
             ? Kind::Fat
             : Kind::Directory;
}

/// Reads what is asked for, and what is behind it.
bool Volume::fill(std::uint64_t sector, std::size_t count) {
  std::uint64_t left = disk->size() / sectorSize() - sector;
  ahead.first = sector;
  ahead.count = left < mostInRun() ? left : mostInRun();
  // What is not yet on the disk cannot be read from it.
  if (behind.overlaps(sector, ahead.count))
    ahead.count = behind.first - sector;
  bool isRead = ahead.count >= count &&
                disk->read(ahead.bytes, ahead.count * sectorSize(),
                           sector * sectorSize());
  if (!isRead)
    ahead.count = 0;
  return isRead;
}

/// Not in its copy.
bool Volume::isInFat(std::uint64_t sector) const {
  return system && sector >= system->fatbase &&
         sector < system->fatbase + system->fsize;
}

/// The FAT and its copy do not drive each other out.
unsigned Volume::slotOf(std::uint64_t sector) const {
  if (system && sector >= system->fatbase + system->fsize)
    sector += kCached / 2 - system->fsize;
  return sector % kCached;
}

bool Volume::storeFat() {
  for (unsigned slot = 0; slot != kCached;) {
    unsigned end = slot;
    while (end != kCached && waits[end] &&
           sectors[end] == sectors[slot] + (end - slot))
      ++end;
    if (end == slot) {
      ++slot;
      continue;
    }
    if (!disk->write(bytesOf(slot), (end - slot) * sectorSize(),
                     sectors[slot] * sectorSize()))
      return false;
    while (slot != end)
      waits[slot++] = false;
  }
  return true;
}

/// What fails waits for the next time.
bool Volume::store() {
  if (behind.count &&
      !disk->write(behind.bytes, behind.count * sectorSize(),
                   behind.first * sectorSize()))
    return false;
  behind.count = 0;
  return storeFat();
}

bool Volume::readContent(char *to, std::uint64_t sector, std::size_t count) {
  bool goesOn = sector == nextRead;
  nextRead = sector + count;
  for (Run *run : {&behind, &ahead})
    if (run->has(sector) && sector + count <= run->end()) {
      __builtin_memcpy(to, run->bytes + (sector - run->first) * sectorSize(),
                       count * sectorSize());
      return true;
    }
  if (behind.overlaps(sector, count) && !store())
    return false;
  if (goesOn && count < mostInRun() && fill(sector, count)) {
    __builtin_memcpy(to, ahead.bytes, count * sectorSize());
    return true;
  }
  return count == 1 ? readSector(to, sector)
                    : disk->read(to, count * sectorSize(), sector * sectorSize());
}

bool Volume::readSector(char *to, std::uint64_t sector) {
  constexpr unsigned kMost = 16;
  unsigned slot = slotOf(sector);
  if (sectors[slot] != sector) {
    if (waits[slot] && !storeFat())
      return false;
    // The FAT is followed, and searched, from one sector to the next.
    unsigned count = 1;
    if (isInFat(sector))
      while (count != kMost && isInFat(sector + count) &&
             slot + count != kCached && !waits[slot + count])
        ++count;
    std::uint64_t offset = sector * sectorSize();
    bool isRead = disk->read(bytesOf(slot), count * sectorSize(), offset);
    for (unsigned i = 0; i != count; ++i)
      sectors[slot + i] = isRead ? sector + i : ~0ull;
    if (!isRead)
      return false;
  }
  __builtin_memcpy(to, bytesOf(slot), sectorSize());
  return true;
}

/// Of the FAT or of a directory.
bool Volume::writeSector(const char *from, std::uint64_t sector) {
  Kind kind = kindOf(sector);
  if (kind != Kind::Other) {
    if (unflushed != Kind::Other && unflushed != kind && !flush())
      return false;
    unflushed = kind;
  }
  unsigned slot = slotOf(sector);
  if (waits[slot] && sectors[slot] != sector && !storeFat())
    return false;
  sectors[slot] = sector;
  __builtin_memcpy(bytesOf(slot), from, sectorSize());
  waits[slot] = kind == Kind::Fat;
  return waits[slot] ||
         disk->write(from, sectorSize(), sector * sectorSize());
}

bool Volume::writeContent(const char *from, std::uint64_t sector,
                          std::size_t count) {
  bool isLarge = count >= mostInRun();
  bool fits = behind.count && sector >= behind.first &&
              sector <= behind.end() &&
              sector + count <= behind.first + mostInRun();
  if ((isLarge ? behind.overlaps(sector, count) : !fits) && !store())
    return false;
  if (isLarge)
    return disk->write(from, count * sectorSize(), sector * sectorSize());
  if (behind.count == 0)
    behind.first = sector;
  __builtin_memcpy(behind.bytes + (sector - behind.first) * sectorSize(), from,
                   count * sectorSize());
  if (sector + count > behind.end())
    behind.count = sector + count - behind.first;
  return true;
}

bool Volume::read(char *to, std::uint64_t sector, std::size_t count) {
  if (!isOnDisk(sector, count))
    return false;
  return isContent(to) ? readContent(to, sector, count)
                       : readSector(to, sector);
}

/// The backend may write in another order than it was asked to, so the kinds do
/// not mix between two flushes (cmake/guest/fatfs/entries.h).
bool Volume::write(const char *from, std::uint64_t sector, std::size_t count) {
  if (!isOnDisk(sector, count))
    return false;
  // Clusters of files become those of directories, and the other way round.
  if (ahead.overlaps(sector, count))
    ahead.count = 0;
  if (!isContent(from))
    return (!behind.overlaps(sector, count) || store()) &&
           writeSector(from, sector);
  for (std::size_t i = 0; i != count; ++i)
    if (std::uint64_t &known = sectors[slotOf(sector + i)]; known == sector + i)
      known = ~0ull;
  return writeContent(from, sector, count);
}

bool Volume::flush() {
  if (!store())
    return false;
  unflushed = Kind::Other;
  return disk->flush();
}

long errnoOf(FRESULT result) {
  constexpr long kIoError = 5;
  switch (result) {
  case FR_OK:
    return 0;
  case FR_NO_FILE:
  case FR_NO_PATH:
    return posix::kNoEntry;
  case FR_INVALID_NAME:
    return posix::kInvalid;
  case FR_DENIED: // no room for an entry or a cluster
    return posix::kNoSpace;
  case FR_EXIST:
    return posix::kExists;
  case FR_WRITE_PROTECTED:
    return posix::kReadOnly;
  case FR_NO_FILESYSTEM:
    return posix::kNoDevice;
  case FR_NOT_ENOUGH_CORE:
    return posix::kOutOfMemory;
  default:
    return kIoError;
  }
}

// Days by Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms": years
// begin in March.
static constexpr std::int64_t kDay = 86400, kDaysOfEra = 146097,
                              kDaysTo1970 = 719468;

std::uint32_t fromTime(std::int64_t seconds) {
  constexpr std::int64_t kFirst = 315532800, kLast = 4354819198; // 1980, 2107
  seconds = seconds < kFirst ? kFirst : seconds > kLast ? kLast : seconds;
  std::int64_t days = seconds / kDay + kDaysTo1970, rest = seconds % kDay;
  std::int64_t era = days / kDaysOfEra, day = days % kDaysOfEra;
  std::int64_t year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
  day -= 365 * year + year / 4 - year / 100;
  std::int64_t fromMarch = (5 * day + 2) / 153;
  day -= (153 * fromMarch + 2) / 5;
  std::int64_t month = fromMarch < 10 ? fromMarch + 3 : fromMarch - 9;
  year += era * 400 + (month <= 2);
  return static_cast<std::uint32_t>((year - 1980) << 25 | month << 21 |
                                    (day + 1) << 16 | rest / 3600 << 11 |
                                    rest / 60 % 60 << 5 | rest % 60 / 2);
}

std::int64_t toTime(std::uint32_t fatTime) {
  std::int64_t year = 1980 + (fatTime >> 25), month = fatTime >> 21 & 15,
               day = fatTime >> 16 & 31;
  if (month == 0 || month > 12 || day == 0)
    return 0; // never set
  year -= month <= 2;
  std::int64_t era = year / 400, ofEra = year % 400;
  day += (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 - 1;
  day += ofEra * 365 + ofEra / 4 - ofEra / 100;
  return (era * kDaysOfEra + day - kDaysTo1970) * kDay +
         (fatTime >> 11 & 31) * 3600 + (fatTime >> 5 & 63) * 60 +
         (fatTime & 31) * 2;
}

} // namespace ampoule::fat

using ampoule::fat::Volume;

extern "C" {

DRESULT disk_read(void *drv, BYTE *buffer, DWORD sector, UINT count) {
  return static_cast<Volume *>(drv)->read(reinterpret_cast<char *>(buffer),
                                          sector, count)
             ? RES_OK
             : RES_ERROR;
}

DRESULT disk_write(void *drv, const BYTE *buffer, DWORD sector, UINT count) {
  return static_cast<Volume *>(drv)->write(
             reinterpret_cast<const char *>(buffer), sector, count)
             ? RES_OK
             : RES_ERROR;
}

DRESULT disk_ioctl(void *drv, BYTE command, void *result) {
  auto &volume = *static_cast<Volume *>(drv);
  switch (command) {
  case CTRL_SYNC:
    return volume.flush() ? RES_OK : RES_ERROR;
  case GET_SECTOR_SIZE:
    *static_cast<WORD *>(result) = static_cast<WORD>(volume.sectorSize());
    return RES_OK;
  case IOCTL_INIT:
  case IOCTL_STATUS:
    *static_cast<DSTATUS *>(result) = volume.isReadOnly() ? STA_PROTECT : 0;
    return RES_OK;
  default:
    return RES_PARERR;
  }
}

DWORD get_fattime() {
  constexpr std::uint64_t kSecond = 1'000'000'000;
  return ampoule::fat::fromTime(
      static_cast<std::int64_t>(ampoule::time::real() / kSecond));
}
}

AMPOULE_MODULE(fat, nullptr, blkfront, time);
