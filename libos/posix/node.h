// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The tree of files, in memory. What the linker embedded is part of it,
// read-only and not copied; everything else is the program's own, and gone when
// the image ends. A directory has names, a name leads to a node, and a node may
// have several (link(2)).
#pragma once

#include "libos/posix/file.h"

#include <cstddef>
#include <cstdint>

namespace ampoule::posix {

struct Name;

struct Node {
  std::uint32_t mode = 0; ///< st_mode
  std::uint32_t links = 0;
  std::uint32_t opened = 0; ///< by descriptions
  std::uint32_t inode = 0;
  std::uint32_t user = 0, group = 0;
  std::uint32_t mappings = 0;      ///< shared: its pages stay where they are
  bool isReadOnly = false;         ///< embedded, or on such a disk
  bool isOnDisk = false;           ///< libos/posix/mounts.h
  File *device = nullptr;          ///< of a character device
  void *pipe = nullptr;            ///< of a FIFO that is open
  std::size_t size = 0, pages = 0; ///< of a file; no page: embedded
  const char *data = nullptr;      ///< of a file, or a link's text
  Name *firstName = nullptr, *lastName = nullptr; ///< of a directory
  Name *self = nullptr;   ///< a directory's own; null: root or removed
  Node *parent = nullptr; ///< of a directory
  TimeSpec accessed = {}, modified = {}, changed = {};

  bool isDirectory() const { return (mode & kTypeMask) == kDirectory; }
  bool isFile() const { return (mode & kTypeMask) == kRegular; }
  bool isLink() const { return (mode & kTypeMask) == kLink; }
};

struct Name {
  Node *node, *directory;
  Name *next; ///< in the directory
  Name *nextInBucket;
  const char *text;     ///< not ended by a zero
  std::uint32_t cookie; ///< ascending in a directory, from 3 on
  std::uint16_t length;
  bool isOwned; ///< the text
};

inline constexpr std::size_t kMaxName = 255; // NAME_MAX

extern Node root;

/// Whether there can be more than the root: something is embedded, or the
/// program can make a file. The linker knows.
bool hasNames();

/// A node without a name. Null: no memory.
Node *newNode(std::uint32_t mode);
std::uint32_t nextInode();

/// Null: there is none.
Name *findName(const Node &directory, const char *text, std::size_t length);

/// Makes a node with that name, on a disk or in memory; the text is copied. Null:
/// `error` is a negative errno; otherwise 0.
Node *makeNode(Node &directory, const char *text, std::size_t length,
               std::uint32_t mode, long &error);
/// The same in memory. Null: there is none left.
extern "C" Node *ampoule_make_node(Node &directory, const char *text,
                                   std::size_t length, std::uint32_t mode);

/// Makes a file without a name, which goes when nothing has it open. Null: no
/// memory.
extern "C" Node *ampoule_make_unnamed(std::uint32_t mode);

/// Another name for a node.
bool addName(Node &directory, const char *text, std::size_t length, Node &node);

/// Takes a name away, and the node with it when it was the last and nothing has
/// it open.
void removeName(Name &name);

/// A description of the node is gone.
void closeNode(Node &node);

/// Gives a file that size; new bytes are zero. 0 or a negative errno.
long resize(Node &file, std::size_t size);

/// Whose a new node is.
std::uint32_t effectiveUser();
std::uint32_t effectiveGroup();

/// Now, for one of the three times.
TimeSpec currentTime();

} // namespace ampoule::posix
