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
  /// Absolute, without a slash at the end but in "/". Null: the end of the table.
  const char *path;
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
/// When they were changed, in seconds since 1970 (SOURCE_DATE_EPOCH of the link).
extern const std::int64_t ampoule_files_time;
/// 0: none. Of them, those are left in the end that the program can name.
extern const std::uint64_t ampoule_files_count;
/// Say where a path comes in, and the text of a symbolic link; for the linker alone
/// (linker/Paths.h), which takes the calls out.
void __ampoule_names(const char *path);
void __ampoule_links(const char *path);
}
