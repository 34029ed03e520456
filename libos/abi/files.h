// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Files that the linker embedded (--ampoule-embed, Config::embed).
#pragma once

#include <cstddef>
#include <cstdint>

namespace ampoule::abi {

/// A file of so many bytes begins a page and has its last one for itself, zeroed
/// behind the file: mmap() needs no copy of it. Smaller ones would waste too much.
inline constexpr std::uint64_t kMappableSize = 64 << 10;

struct EmbeddedFile {
  const char *path; ///< absolute, without a slash at the end but in "/"
  const char *data; ///< null: a directory
  std::uint64_t size;
  std::uint32_t mode; ///< st_mode
  /// 0: a directory that only leads to what was embedded.
  std::uint32_t isStated;
};

static_assert(sizeof(EmbeddedFile) == 32);

} // namespace ampoule::abi

extern "C" {
/// Sorted by path, byte by byte; every directory is there, too, if anything is.
extern const ampoule::abi::EmbeddedFile ampoule_files[];
extern const std::uint64_t ampoule_files_count;
}
