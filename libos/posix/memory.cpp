// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// mmap and its relatives, for memory and for files. The page tables are final:
// memory is readable and writable, embedded files are readable, and nothing of
// either is executable. mprotect() succeeds if it asks for what they say; a mapping
// with less is there, and can do more (PROT_NONE is how memory is set aside).
#include "libos/abi/files.h"
#include "libos/memory/memory.h"
#include "libos/posix/mounts.h"
#include "libos/posix/sharing.h"
#include "libos/threads/stacks.h"
#include "xen-boot/abi/layout.h"

using namespace ampoule;
using namespace ampoule::posix;

static constexpr long kRead = 1;         // PROT_READ
static constexpr long kWrite = 2;        // PROT_WRITE
static constexpr long kExecute = 4;      // PROT_EXEC
static constexpr long kShared = 1;       // MAP_SHARED
static constexpr long kFixed = 0x10;     // MAP_FIXED
static constexpr long kAnonymous = 0x20; // MAP_ANONYMOUS
static constexpr long kUninitialized = 0x4000000; // MAP_UNINITIALIZED

extern "C" {
/// The linker's answer: can there be threads, whose stacks are unmapped, too?
int __ampoule_live_pthread_create();

extern const char __ampoule_text_start[], __ampoule_text_end[],
    __ampoule_rodata_start[], __ampoule_rodata_end[];
}

static std::size_t pagesFor(std::size_t size) {
  return (size + abi::kPageSize - 1) / abi::kPageSize;
}

/// The file that is to be mapped; null: `error` says why not.
static File *findMapped(long fd, long protection, long flags, long &error) {
  error = -kNoDevice;
  File *file = fileOf(fd);
  Node *node = file ? file->node() : nullptr;
  if (!file)
    error = -kBadDescriptor;
  else if ((file->flags & kAccessMode) == kWriteOnlyAccess ||
           (flags & kShared && protection & kWrite &&
            (file->flags & kAccessMode) != kReadWriteAccess))
    error = -kAccess;
  else if (node && node->isFile())
    return file;
  return nullptr;
}

/// Whether all of a mapping, the rest of its last page too, is where the linker
/// put the file.
static bool isInPlace(const Node &file, std::size_t size,
                      std::uint64_t offset) {
  return file.isReadOnly && !isOnDisk(file) && file.size >= abi::kMappableSize &&
         offset < file.size &&
         pagesFor(size) <= pagesFor(file.size - offset);
}

static bool isInEmbeddedFile(const char *at) {
  for (const abi::EmbeddedFile *file = ampoule_files; file->path; ++file)
    if (at >= file->data && at < file->data + file->size)
      return true;
  return false;
}

/// A mapping to write is a copy unless it is shared, and so is that of a small
/// embedded file.
AMPOULE_SYSCALL(mmap, void *, std::size_t size, long protection, long flags,
                long fd, std::uint64_t offset) {
  constexpr long kKind = 3; // MAP_SHARED, MAP_PRIVATE, MAP_SHARED_VALIDATE
  if (size == 0 || size > SIZE_MAX / 2 || flags & kFixed || !(flags & kKind) ||
      offset % abi::kPageSize != 0)
    return -kInvalid;
  if (protection & kExecute)
    return -kAccess;
  File *file = nullptr;
  if (long error; !(flags & kAnonymous)) {
    file = findMapped(fd, protection, flags, error);
    if (!file)
      return error;
    // A copy would not be shared.
    if (flags & kShared && protection & kWrite && isOnDisk(*file->node()))
      return -kNoDevice;
    if (flags & kShared && !isOnDisk(*file->node()) && !file->node()->isReadOnly)
      return mapShared(*file->node(), size, offset);
    if (!(protection & kWrite) && isInPlace(*file->node(), size, offset))
      return reinterpret_cast<long>(file->node()->data + offset);
  }
  memory::Content content = flags & kUninitialized && !file
                                ? memory::Content::Any
                                : memory::Content::Zero;
  auto *start = static_cast<char *>(memory::allocate(pagesFor(size), content));
  if (!start)
    return -kOutOfMemory;
  if (file)
    file->readAt(start, size, offset);
  return reinterpret_cast<long>(start);
}

AMPOULE_SYSCALL(munmap, std::uintptr_t start, std::size_t size) {
  if (start % abi::kPageSize != 0 || size == 0 || size > SIZE_MAX / 2)
    return -kInvalid;
  auto *from = reinterpret_cast<void *>(start);
  if (unmapShared(from, pagesFor(size)))
    return 0;
  if (__ampoule_live_pthread_create() && threads::isInArena(from))
    threads::releaseStack(from, size);
  else
    memory::release(from, pagesFor(size));
  return 0;
}

AMPOULE_SYSCALL(mremap, char *start, std::size_t oldSize, std::size_t newSize,
                long flags) {
  constexpr long kMayMove = 1; // MREMAP_MAYMOVE
  std::size_t oldPages = pagesFor(oldSize), newPages = pagesFor(newSize);
  if (reinterpret_cast<std::uintptr_t>(start) % abi::kPageSize != 0 ||
      newSize == 0 || newSize > SIZE_MAX / 2 || oldSize == 0 ||
      oldSize > SIZE_MAX / 2 || flags & ~kMayMove)
    return -kInvalid;
  if (!memory::isAllocated(start, oldPages) || isShared(start))
    return -kFault;
  char *oldEnd = start + oldPages * abi::kPageSize;
  if (newPages <= oldPages) {
    memory::release(start + newPages * abi::kPageSize, oldPages - newPages);
    return reinterpret_cast<long>(start);
  }
  if (memory::take(oldEnd, newPages - oldPages))
    return reinterpret_cast<long>(start);
  void *moved = flags & kMayMove ? memory::allocate(newPages) : nullptr;
  if (!moved)
    return -kOutOfMemory;
  __builtin_memcpy(moved, start, oldPages * abi::kPageSize);
  memory::release(start, oldPages);
  return reinterpret_cast<long>(moved);
}

/// What the page tables say.
static long protectionOf(const char *at) {
  if (at >= __ampoule_text_start && at < __ampoule_text_end)
    return kRead | kExecute;
  if (at >= __ampoule_rodata_start && at < __ampoule_rodata_end)
    return kRead;
  return kRead | kWrite;
}

AMPOULE_SYSCALL(mprotect, const char *start, std::size_t size,
                long protection) {
  if (reinterpret_cast<std::uintptr_t>(start) % abi::kPageSize ||
      protection & ~(kRead | kWrite | kExecute))
    return -kInvalid;
  if (protection & kWrite)
    protection |= kRead; // the processor knows no other way
  if (size == 0)
    return 0;
  // What can be written begins where constants end, and nothing lies before code.
  for (const char *at : {start, start + size - 1}) {
    long final = protectionOf(at);
    if (final != protection)
      return protection & ~final ? -kAccess : -kNotSupported;
  }
  return 0;
}

// PROT_READ, PROT_WRITE, but never PROT_EXEC.
AMPOULE_SUPPORTS(mmap, 2, "protection", 0, 1, 2, 3);
// To read alone is what constants are, to read and execute what code is.
AMPOULE_SUPPORTS(mprotect, 2, "protection", 1, 2, 3, 5);

AMPOULE_SYSCALL(madvise, char *start, std::size_t size, long advice) {
  constexpr long kDontNeed = 4; // MADV_DONTNEED: the pages read as zero
  if (advice == kDontNeed && !isShared(start) &&
      memory::isAllocated(start, pagesFor(size)))
    __builtin_memset(start, 0, pagesFor(size) * abi::kPageSize);
  return 0;
}

// Nothing is ever paged out, and no mapping has a file behind it.
AMPOULE_SYSCALL(mlock) { return 0; }
AMPOULE_SYSCALL(mlock2) { return 0; }
AMPOULE_SYSCALL(munlock) { return 0; }
AMPOULE_SYSCALL(mlockall) { return 0; }
AMPOULE_SYSCALL(munlockall) { return 0; }
AMPOULE_SYSCALL(msync, std::uintptr_t start) {
  return start % abi::kPageSize ? -kInvalid : 0;
}
AMPOULE_SYSCALL(mincore, std::uintptr_t start, std::size_t size,
                unsigned char *present) {
  if (start % abi::kPageSize)
    return -kInvalid;
  if (!memory::isAllocated(reinterpret_cast<void *>(start), pagesFor(size)) &&
      !isInEmbeddedFile(reinterpret_cast<const char *>(start)))
    return -kOutOfMemory;
  __builtin_memset(present, 1, pagesFor(size));
  return 0;
}

// malloc() takes this for an answer and uses mmap().
AMPOULE_SYSCALL(brk) { return 0; }
