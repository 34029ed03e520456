// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What a descriptor refers to. Kinds of files are constants in the files that
// implement them; only what can open one refers to it, so an image has the
// kinds that its program can reach.
#pragma once

#include "libos/posix/posix.h"

namespace ampoule::posix {

struct File {
  long (*read)(char *buffer, std::size_t size);
  long (*write)(const char *buffer, std::size_t size);
  std::uint32_t mode;   ///< st_mode
  std::uint32_t device; ///< st_rdev: major << 8 | minor
  bool isTerminal;
};

inline constexpr std::uint32_t kCharacterDevice = 0020000;

/// Descriptors 0 to 2 from the start (libos/posix/console.cpp).
extern const File consoleFile;

inline constexpr long kMaxDescriptors = 32;

/// Null: not open.
const File *fileOf(long fd);

/// The lowest free descriptor from `first` on now refers to `file`.
long install(const File &file, long first = 0);

} // namespace ampoule::posix
