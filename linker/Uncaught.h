// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Programs that catch nothing.
//
// A throw first looks for a handler, and where the stack has none it ends the
// program without unwinding (C++23, [except.terminate]; Itanium C++ ABI: Exception
// Handling, section 1.3). So a program without handlers needs no landing pads, no
// unwinder and no unwind tables.
#pragma once

#include "linker/GraphBuilder.h"
#include "linker/Reach.h"

namespace ampoule::linker {

/// Whether the program itself asks about its stack, or brings tables of its own
/// (unwind.h, libunwind.h, and GCC's unwind-dw2-fde.h).
bool walksStack(const Program &program);

/// Removes the landing pads of a program that has no handler; false if there was
/// nothing to remove. Nothing is removed where native code may have handlers, nor where
/// the program walks its stack.
bool dropLandingPads(Program &program, const ProgramGraph &graph,
                     const LiveSet &live);

/// Says that functions need no unwind tables if nothing is left that reads them.
void dropUnwindTables(Program &program, const ProgramGraph &graph,
                      const LiveSet &live);

} // namespace ampoule::linker
