// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The pages of a file in memory are its content, so a shared mapping is their
// address. As long as there is one the file can grow only where it lies: there
// is some room kept behind it from the first mapping on. What lies behind the
// end of the file reads as zeros (Linux sends SIGBUS).
#include "libos/posix/sharing.h"

#include "libos/memory/memory.h"
#include "libos/memory/objects.h"
#include "xen-boot/abi/layout.h"

using namespace ampoule;
using namespace ampoule::posix;

namespace {

struct Sharing {
  Node *file;
  const char *start;
  std::size_t pages;
  Sharing *next;

  const char *end() const { return start + pages * abi::kPageSize; }
};
constinit Sharing *newest = nullptr;

std::size_t pagesFor(std::size_t size) {
  return (size + abi::kPageSize - 1) / abi::kPageSize;
}

/// Gives the file so many pages, and at first more: nothing refers to them yet.
bool reserve(Node &file, std::size_t pages) {
  constexpr std::size_t kRoom = 256;
  if (pages <= file.pages && file.mappings != 0)
    return true;
  auto *data = const_cast<char *>(file.data);
  if (file.mappings != 0) {
    if (!memory::take(data + file.pages * abi::kPageSize, pages - file.pages))
      return false;
    file.pages = pages;
    return true;
  }
  for (std::size_t wanted : {pages + kRoom, pages}) {
    if (wanted <= file.pages)
      return true;
    auto *moved = static_cast<char *>(memory::allocate(wanted));
    if (!moved)
      continue;
    if (file.pages) {
      __builtin_memcpy(moved, data, file.size);
      memory::release(data, file.pages);
    }
    file.data = moved;
    file.pages = wanted;
    return true;
  }
  return false;
}

} // namespace

long posix::mapShared(Node &file, std::size_t size, std::uint64_t offset) {
  std::size_t end;
  if (__builtin_add_overflow(size, offset, &end) || end > SIZE_MAX / 2)
    return -kInvalid;
  auto *sharing = memory::make<Sharing>();
  if (!sharing)
    return -kOutOfMemory;
  if (!reserve(file, pagesFor(end))) {
    memory::destroy(sharing);
    return -kOutOfMemory;
  }
  *sharing = {&file, file.data + offset, pagesFor(size), newest};
  newest = sharing;
  ++file.mappings;
  ++file.opened;
  return reinterpret_cast<long>(sharing->start);
}

bool posix::isShared(const void *start) {
  const auto *at = static_cast<const char *>(start);
  for (Sharing *sharing = newest; sharing; sharing = sharing->next)
    if (at >= sharing->start && at < sharing->end())
      return true;
  return false;
}

bool posix::unmapShared(const void *start, std::size_t pages) {
  const auto *from = static_cast<const char *>(start);
  const char *to = from + pages * abi::kPageSize;
  bool isOne = isShared(start);
  // Two mappings of the same pages have the same address: one of them goes.
  for (Sharing **link = &newest; *link; link = &(*link)->next) {
    Sharing *sharing = *link;
    if (sharing->start < from || sharing->end() > to)
      continue;
    *link = sharing->next;
    --sharing->file->mappings;
    closeNode(*sharing->file);
    memory::destroy(sharing);
    return true;
  }
  return isOne; // a part of one stays mapped
}
