// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Directories that are FAT file systems on disks (--ampoule-mount). What is
// looked up there becomes nodes of the tree (node.h), which stay as long as they
// are in use, and a while longer. FatFs and these nodes are for one thread at a
// time: whoever has a node that is not open holds the disks.
#pragma once

#include "libos/abi/config.h"
#include "libos/posix/node.h"

namespace ampoule::posix {

inline bool hasMounts() { return ampoule_config_mount[0] != 0; }
inline bool isOnDisk(const Node &node) {
  return hasMounts() && node.isOnDisk;
}

void lockDisks(); ///< again by the same thread: counts
void unlockDisks();

class HoldingDisks {
public:
  HoldingDisks() { lockDisks(); }
  ~HoldingDisks() { unlockDisks(); }
  HoldingDisks(const HoldingDisks &) = delete;
  HoldingDisks &operator=(const HoldingDisks &) = delete;
};

/// Puts the directories into the tree.
void plantMounts();

// All below return 0 or a negative errno unless they say otherwise.

/// Mounts what a node is the root of, if that is still to do.
extern "C" long ampoule_enter_mount(Node &node);
/// Null and no error: there is none.
Name *findOnDisk(Node &directory, const char *text, std::size_t length,
                 long &error);
Node *makeOnDisk(Node &directory, const char *text, std::size_t length,
                 std::uint32_t mode, long &error);
long removeOnDisk(Name &name);
/// `replaced`: what has the new name, of the same kind.
long renameOnDisk(Name &old, Node &directory, const char *text,
                  std::size_t length, Name *replaced);
/// Bytes that were read or written.
long readOnDisk(Node &node, char *buffer, std::size_t size, std::uint64_t from);
long writeOnDisk(Node &node, const char *buffer, std::size_t size,
                 std::uint64_t from);
long resizeOnDisk(Node &node, std::uint64_t size);
/// Rights and times, as the node has them.
long storeOnDisk(Node &node);
long syncOnDisk(Node &node);
/// All file systems.
long syncDisks();
/// The program ends, and with it files that are open and have no name.
void endDisks();
void closeOnDisk(Node &node);
void freeOnDisk(Node &node);

/// What comes at or behind an offset in a directory.
struct DiskEntry {
  std::uint32_t mode, next;
  char name[kMaxName + 1];
};
bool listOnDisk(Node &directory, std::uint32_t from, DiskEntry &entry);

struct DiskSpace {
  std::uint32_t blockSize;
  std::uint64_t blocks, free;
};
std::uint32_t deviceOf(const Node &node);
long measureDisk(Node &node, DiskSpace &space);

} // namespace ampoule::posix
