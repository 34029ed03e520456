// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A list of free objects for each power of two. Pages that were cut stay so.
#include "libos/memory/objects.h"

#include "libos/memory/memory.h"
#include "xen-boot/abi/layout.h"

namespace ampoule::memory {
namespace {

struct Free {
  Free *next;
};
constexpr unsigned kSmallest = 4, kLargest = 11; // as powers of two
static_assert(std::size_t{1} << kLargest == kLargestObject);
constinit Free *lists[kLargest - kSmallest + 1] = {};

unsigned classOf(std::size_t size) {
  unsigned bits = kSmallest;
  while (std::size_t{1} << bits < size)
    ++bits;
  return bits - kSmallest;
}

std::size_t pagesFor(std::size_t size) {
  return (size + abi::kPageSize - 1) / abi::kPageSize;
}

} // namespace

void *takeObject(std::size_t size) {
  unsigned index = classOf(size);
  Free *&list = lists[index];
  if (!list) {
    auto *page = static_cast<char *>(allocate(1));
    if (!page)
      return nullptr;
    for (std::size_t at = 0; at != abi::kPageSize;
         at += std::size_t{1} << (index + kSmallest))
      giveObject(page + at, size);
  }
  Free *object = list;
  list = object->next;
  return object;
}

void giveObject(void *object, std::size_t size) {
  Free *&list = lists[classOf(size)];
  list = new (object) Free{list};
}

void *takeBytes(std::size_t size) {
  return size <= kLargestObject ? takeObject(size) : allocate(pagesFor(size));
}

void giveBytes(void *bytes, std::size_t size) {
  if (size <= kLargestObject)
    giveObject(bytes, size);
  else
    release(bytes, pagesFor(size));
}

} // namespace ampoule::memory
