// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "libos/threads/stacks.h"

#include "libos/include/ampoule/config.h"
#include "libos/memory/memory.h"
#include "xen-boot/abi/layout.h"

#include <cstdint>

/// Addresses are values here: link script.
extern "C" char __ampoule_thread_stacks[], __ampoule_thread_stack_size[],
    __ampoule_thread_stack_count[];

namespace ampoule::threads {
namespace {

constexpr unsigned kBits = 64;
constinit std::uint64_t taken[detail::kMostThreads / kBits] = {};

std::size_t valueOf(const char *symbol) {
  return reinterpret_cast<std::size_t>(symbol);
}

/// From one stack to the next: the guard lies between.
std::size_t stride() { return stackSize() + abi::kPageSize; }

} // namespace

std::size_t stackSize() { return valueOf(__ampoule_thread_stack_size); }

void *takeStack() {
  for (std::size_t i = 0; i != valueOf(__ampoule_thread_stack_count); ++i) {
    std::uint64_t bit = 1ull << i % kBits;
    if (taken[i / kBits] & bit)
      continue;
    taken[i / kBits] |= bit;
    return __ampoule_thread_stacks + i * stride();
  }
  return nullptr;
}

bool isInArena(const void *start) {
  std::size_t offset =
      reinterpret_cast<std::size_t>(start) - valueOf(__ampoule_thread_stacks);
  return offset < valueOf(__ampoule_thread_stack_count) * stride();
}

void releaseStack(void *start, std::size_t size) {
  if (!isInArena(start))
    return memory::release(start, (size + abi::kPageSize - 1) / abi::kPageSize);
  std::size_t index = static_cast<std::size_t>(static_cast<char *>(start) -
                                               __ampoule_thread_stacks) /
                      stride();
  taken[index / kBits] &= ~(1ull << index % kBits);
}

} // namespace ampoule::threads
