// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// First fit over a list of free extents, sorted by address. The list lives in
// the free pages themselves, so it costs nothing and cannot run out:
//
//   before   [ a: 3 ]------[ b: 5 ]        release(p, 2) between them
//   after    [ a: 3 ][p:2]-[ b: 5 ]        joined with a neighbour it touches
#include "libos/memory/memory.h"

#include "libos/abi/module.h"
#include "xen-boot/abi/handoff.h"
#include "xen-boot/abi/layout.h"

using ampoule::abi::kPageSize;

namespace ampoule::memory {
namespace {

struct Extent {
  Extent *next;
  std::size_t pages;

  char *end() { return reinterpret_cast<char *>(this) + pages * kPageSize; }
};

constinit Extent *first = nullptr;

void init(const abi::Handoff &handoff) {
  for (unsigned i = 0; i < handoff.memoryRanges; ++i)
    release(reinterpret_cast<void *>(handoff.memory[i].start),
            (handoff.memory[i].end - handoff.memory[i].start) / kPageSize);
}

} // namespace

void *allocate(std::size_t pages) {
  for (Extent **link = &first; *link; link = &(*link)->next) {
    Extent *extent = *link;
    if (extent->pages < pages)
      continue;
    if (extent->pages == pages) {
      *link = extent->next;
    } else {
      auto *rest = reinterpret_cast<Extent *>(reinterpret_cast<char *>(extent) +
                                              pages * kPageSize);
      *rest = {extent->next, extent->pages - pages};
      *link = rest;
    }
    __builtin_memset(extent, 0, pages * kPageSize);
    return extent;
  }
  return nullptr;
}

void release(void *start, std::size_t pages) {
  if (pages == 0)
    return;
  auto *freed = static_cast<Extent *>(start);
  Extent **link = &first;
  Extent *before = nullptr;
  while (*link && *link < freed) {
    before = *link;
    link = &before->next;
  }
  *freed = {*link, pages};
  *link = freed;
  if (freed->next && freed->end() == reinterpret_cast<char *>(freed->next))
    *freed = {freed->next->next, pages + freed->next->pages};
  if (before && before->end() == reinterpret_cast<char *>(freed))
    *before = {freed->next, before->pages + freed->pages};
}

} // namespace ampoule::memory

AMPOULE_MODULE(memory, &ampoule::memory::init);
