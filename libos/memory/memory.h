// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Pages: the free memory of the domain, in extents.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ampoule::memory {

enum class Content : std::uint8_t { Zero, Any };

/// Finds `pages` neighbouring pages. Null when there are none.
void *allocate(std::size_t pages, Content content = Content::Zero);

/// Gives pages back. What is free already, or not the heap's, stays as it is.
void release(void *start, std::size_t pages);

/// Takes the `pages` pages from `start` on, zeroed, if all of them are free.
bool take(void *start, std::size_t pages);

/// Whether no page of the range is free or outside of the heap.
bool isAllocated(const void *start, std::size_t pages);

/// Pages of the heap, and how many of them are free.
struct Usage {
  std::size_t total, free;
};
Usage usage();

/// A part of the heap; the parts are in ascending order, and an empty one is
/// behind the last.
struct Part {
  std::uint64_t start, end;
};
Part part(unsigned index);

} // namespace ampoule::memory
