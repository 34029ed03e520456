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
  auto *made = static_cast<FATFS *>(memory::takeBytes(sizeof(FATFS)));
  if (!made)
    return posix::kOutOfMemory;
  made->drv = this;
  cached = static_cast<char *>(memory::takeBytes(kCached * sectorSize()));
  for (std::uint64_t &sector : sectors)
    sector = ~0ull;
  FRESULT result = cached ? f_mount(made) : FR_NOT_ENOUGH_CORE;
  if (result) {
    memory::giveBytes(made, sizeof(FATFS));
    if (cached)
      memory::giveBytes(cached, kCached * sectorSize());
    return cached ? errnoOf(result) : long{posix::kOutOfMemory};
  }
  system = made;
  return 0;
}

bool Volume::isOnDisk(std::uint64_t sector, std::size_t count) const {
  return sector + count <= disk->size() / sectorSize();
}

bool Volume::read(char *to, std::uint64_t sector, std::size_t count) {
  std::size_t size = count * sectorSize();
  char *copy = cached + sector % kCached * sectorSize();
  if (count == 1 && sectors[sector % kCached] == sector) {
    __builtin_memcpy(to, copy, size);
    return true;
  }
  if (!isOnDisk(sector, count) || !disk->read(to, size, sector * sectorSize()))
    return false;
  if (count == 1) {
    sectors[sector % kCached] = sector;
    __builtin_memcpy(copy, to, size);
  }
  return true;
}

/// Directories and the FAT go through FatFs's window, content does not.
Volume::Kind Volume::kindOf(const char *from, std::uint64_t sector) const {
  if (from != reinterpret_cast<const char *>(system->win) ||
      sector < system->fatbase)
    return Kind::Other;
  return sector - system->fatbase <
                 std::uint64_t{system->fsize} * system->n_fats
             ? Kind::Fat
             : Kind::Directory;
}

/// The backend may write in another order than it was asked to, so the kinds do
/// not mix between two flushes (cmake/guest/fatfs/entries.h).
bool Volume::write(const char *from, std::uint64_t sector, std::size_t count) {
  if (!isOnDisk(sector, count))
    return false;
  if (Kind kind = kindOf(from, sector); kind != Kind::Other) {
    if (unflushed != Kind::Other && unflushed != kind && !flush())
      return false;
    unflushed = kind;
  }
  for (std::size_t i = 0; i != count; ++i)
    if (std::uint64_t &known = sectors[(sector + i) % kCached];
        known == sector + i)
      known = ~0ull;
  if (count == 1) {
    sectors[sector % kCached] = sector;
    __builtin_memcpy(cached + sector % kCached * sectorSize(), from,
                     sectorSize());
  }
  return disk->write(from, count * sectorSize(), sector * sectorSize());
}

bool Volume::flush() {
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
