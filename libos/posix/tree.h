// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Names of files: the embedded tree, which is read-only, and devices.
#pragma once

#include "libos/abi/files.h"
#include "libos/posix/file.h"

namespace ampoule::posix {

/// Finds what a path names. Relative ones begin at `directory`, a descriptor or
/// kCurrentDirectory. The constructor resolves; `error` is then an errno or 0.
struct Place {
  Place(long directory, const char *path);

  long error = 0;
  const File *device = nullptr;
  const abi::EmbeddedFile *entry = nullptr;
};

inline constexpr long kCurrentDirectory = -100; // AT_FDCWD

bool isDirectory(const abi::EmbeddedFile &entry);
std::uint64_t inodeOf(const abi::EmbeddedFile &entry);

} // namespace ampoule::posix
