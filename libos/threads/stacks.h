// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Threads' stacks: as many as the configuration says, each above a page that is
// not mapped, laid out by the linker (linker/Layout.cpp) if there can be
// threads.
#pragma once

#include <cstddef>

namespace ampoule::threads {

/// A stack from the arena. Null: none is left.
void *takeStack();
std::size_t stackSize();

/// Gives back a stack, or pages of the heap that served as one.
void releaseStack(void *start, std::size_t size);

/// Whether `start` lies in the arena.
bool isInArena(const void *start);

} // namespace ampoule::threads
