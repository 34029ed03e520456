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

  char *start() { return reinterpret_cast<char *>(this); }
  char *end() { return start() + pages * kPageSize; }
};

constinit Extent *first = nullptr;
/// The heap: what boot code found behind the image.
constinit const abi::Handoff *heap = nullptr;

/// [start, end) is part of the heap and not free.
void insert(char *start, char *end) {
  auto *freed = reinterpret_cast<Extent *>(start);
  Extent **link = &first;
  Extent *before = nullptr;
  while (*link && *link < freed) {
    before = *link;
    link = &before->next;
  }
  *freed = {*link, static_cast<std::size_t>(end - start) / kPageSize};
  *link = freed;
  if (freed->next && freed->end() == freed->next->start())
    *freed = {freed->next->next, freed->pages + freed->next->pages};
  if (before && before->end() == freed->start())
    *before = {freed->next, before->pages + freed->pages};
}

/// [start, end) is part of the heap; parts of it may be free.
void releaseRange(char *start, char *end) {
  while (start < end) {
    Extent *extent = first;
    while (extent && extent->end() <= start)
      extent = extent->next;
    if (!extent || extent->start() >= end)
      return insert(start, end);
    char *resume = extent->end();
    if (start < extent->start())
      insert(start, extent->start());
    start = resume;
  }
}

void init(const abi::Handoff &handoff) {
  heap = &handoff;
  for (unsigned i = 0; i < handoff.memoryRanges; ++i)
    insert(reinterpret_cast<char *>(handoff.memory[i].start),
           reinterpret_cast<char *>(handoff.memory[i].end));
}

/// Cuts [start, start + pages) out of the free extent that `link` leads to.
void cut(Extent **link, char *start, std::size_t pages, Content content) {
  Extent *extent = *link;
  char *end = start + pages * kPageSize;
  if (end != extent->end()) {
    auto *rest = reinterpret_cast<Extent *>(end);
    *rest = {extent->next,
             static_cast<std::size_t>(extent->end() - end) / kPageSize};
    extent->next = rest;
  }
  if (start == extent->start())
    *link = extent->next;
  else
    extent->pages = static_cast<std::size_t>(start - extent->start()) / kPageSize;
  if (content == Content::Zero)
    __builtin_memset(start, 0, pages * kPageSize);
}

} // namespace

void *allocate(std::size_t pages, Content content) {
  for (Extent **link = &first; *link; link = &(*link)->next)
    if ((*link)->pages >= pages) {
      char *start = (*link)->start();
      cut(link, start, pages, content);
      return start;
    }
  return nullptr;
}

bool take(void *start, std::size_t pages) {
  char *from = static_cast<char *>(start);
  for (Extent **link = &first; *link; link = &(*link)->next)
    if ((*link)->start() <= from && from < (*link)->end()) {
      if (static_cast<std::size_t>((*link)->end() - from) / kPageSize < pages)
        return false;
      cut(link, from, pages, Content::Zero);
      return true;
    }
  return false;
}

bool isAllocated(const void *start, std::size_t pages) {
  auto from = reinterpret_cast<std::uint64_t>(start);
  std::uint64_t end = from + pages * kPageSize;
  bool isHeap = false;
  for (unsigned i = 0; i < heap->memoryRanges; ++i)
    isHeap |= from >= heap->memory[i].start && end <= heap->memory[i].end &&
              from < end;
  for (Extent *extent = first; extent; extent = extent->next)
    if (reinterpret_cast<std::uint64_t>(extent->start()) < end &&
        from < reinterpret_cast<std::uint64_t>(extent->end()))
      return false;
  return isHeap;
}

void release(void *start, std::size_t pages) {
  auto from = reinterpret_cast<std::uint64_t>(start);
  std::uint64_t end = from + pages * kPageSize;
  for (unsigned i = 0; i < heap->memoryRanges; ++i) {
    const abi::MemoryRange &range = heap->memory[i];
    std::uint64_t low = from > range.start ? from : range.start;
    std::uint64_t high = end < range.end ? end : range.end;
    releaseRange(reinterpret_cast<char *>(low), reinterpret_cast<char *>(high));
  }
}

Usage usage() {
  Usage result = {};
  for (unsigned i = 0; i < heap->memoryRanges; ++i)
    result.total += (heap->memory[i].end - heap->memory[i].start) / kPageSize;
  for (Extent *extent = first; extent; extent = extent->next)
    result.free += extent->pages;
  return result;
}

Part part(unsigned index) {
  if (index >= heap->memoryRanges)
    return {};
  return {heap->memory[index].start, heap->memory[index].end};
}

} // namespace ampoule::memory

AMPOULE_MODULE(memory, &ampoule::memory::init);
