// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Paths.
#pragma once

#include "libos/posix/mounts.h"

namespace ampoule::posix {

/// What a path names (POSIX, section 4.13). Relative ones begin at `from`, a
/// descriptor or kCurrentDirectory.
struct Place {
  /// `follows`: a link at the end of the path is followed.
  Place(long from, const char *path, bool follows = true);
  ~Place() {
    if (hasMounts() && holds)
      unlockDisks();
  }

  long error = 0; ///< an errno: it is not there
  Node *node = nullptr;
  /// A device of an image without a tree of files.
  File *device = nullptr;
  /// Where the last part of the path is, or could be made if `error` is
  /// kNoEntry; null: nowhere.
  Node *directory = nullptr;
  Name *name = nullptr;
  const char *text = nullptr; ///< the last part; empty: it is "." or ".."
  std::size_t length = 0;
  bool mustBeDirectory = false; ///< the path ends with a slash
  bool holds = false; ///< the disks: it is, or was on the way, on one

private:
  Place() = default;
  /// Mounts what is to be mounted. False: `error` says why not.
  bool enter(Node &node);
  void walk(Node *at, const char *path, bool follows, unsigned links);
};

/// What a new file has of the rights that were asked for (umask).
std::uint32_t withoutMasked(std::uint32_t mode);

/// Opens a new file that has no name; it goes with the last descriptor.
long openUnnamed(std::uint32_t mode, std::uint32_t flags);

inline constexpr long kCurrentDirectory = -100; // AT_FDCWD
inline constexpr long kNoFollowAt = 0x100;      // AT_SYMLINK_NOFOLLOW

/// An open file or directory.
class OpenFile final : public File {
public:
  OpenFile(Node &file, std::uint32_t flags)
      : File(file.mode, 0, false, flags), file(file) {
    ++file.opened;
  }
  long read(char *buffer, std::size_t size) override;
  long write(const char *buffer, std::size_t size) override;
  long readAt(char *buffer, std::size_t size, std::uint64_t from) override;
  long writeAt(const char *buffer, std::size_t size,
               std::uint64_t from) override;
  long seek(std::int64_t distance, long whence) override;
  long available() override;
  Node *node() override { return &file; }
  void release() override;

  Node &file;
  /// Of a directory: the cookie of the last name that was read.
  std::uint64_t offset = 0;
};

/// The open file of a descriptor that has a node; null: `error` says why not.
OpenFile *openFileOf(long fd, long &error);

} // namespace ampoule::posix
