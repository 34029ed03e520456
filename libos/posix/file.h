// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What a descriptor refers to. Kinds of files are objects in the files that
// implement them. An image has the kinds that its program can open and, thanks
// to virtual function elimination, the operations that it can call.
#pragma once

#include "libos/abi/files.h"
#include "libos/posix/posix.h"

namespace ampoule::posix {

class File {
public:
  constexpr File(std::uint32_t mode, std::uint32_t device, bool isTerminal)
      : mode(mode), device(device), isTerminal(isTerminal) {}

  virtual long read(char *buffer, std::size_t size) const = 0;
  virtual long write(const char *buffer, std::size_t size) const = 0;
  virtual long readAt(char *, std::size_t, std::uint64_t) const {
    return -kIllegalSeek;
  }
  virtual long seek(std::int64_t, long) const { return -kIllegalSeek; }
  /// What it is in the embedded tree; null: something else.
  virtual const abi::EmbeddedFile *entry() const { return nullptr; }
  /// No descriptor refers to it any more.
  virtual void release() const {}

  std::uint32_t mode;   ///< st_mode
  std::uint32_t device; ///< st_rdev: major << 8 | minor
  bool isTerminal;
};

/// struct stat of arch/x86_64/kstat.h
struct KernelStat {
  std::uint64_t device, inode, links;
  std::uint32_t mode, user, group, padding;
  std::uint64_t deviceId;
  std::int64_t size, blockSize, blocks;
  TimeSpec times[3];
  std::int64_t unused[3];
};
static_assert(sizeof(KernelStat) == 144);

/// What stat tells; `entry` counts if there is one.
void describe(const File *file, const abi::EmbeddedFile *entry,
              KernelStat &result);

/// The device of that absolute path, or null.
const File *findDevice(const char *path);

inline constexpr std::uint32_t kCharacterDevice = 0020000;

/// Descriptors 0 to 2 from the start: the console.
class Terminal final : public File {
public:
  using File::File;
  long read(char *buffer, std::size_t size) const override;
  long write(const char *buffer, std::size_t size) const override;
};
extern const Terminal terminal;

inline constexpr long kMaxDescriptors = 32;

/// Null: not open.
const File *fileOf(long fd);

/// The lowest free descriptor from `first` on now refers to `file`.
long install(const File &file, long first = 0);

} // namespace ampoule::posix
