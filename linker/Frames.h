// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Unwind tables that only debug information asked for.
#pragma once

#include "llvm/ADT/SmallVector.h"
#include "llvm/IR/Module.h"

namespace ampoule::linker {

/// With debug information, LLVM describes the frame of every function, and does
/// so in .eh_frame as soon as one function needs it for exceptions. That would
/// make an image of a program with -g larger. Takes the descriptions of
/// functions through which nothing is thrown out of an object: their references
/// are cut, so the final link drops them.
void dropDebugFrames(const llvm::Module &module,
                     llvm::SmallVectorImpl<char> &object);

/// The assembler pads the last frame description of a section by a word if that
/// makes the section end on eight bytes, so it depends on what stood before.
/// Takes the word off; what is left of the section reads as its end.
void trimLastFrame(llvm::SmallVectorImpl<char> &object);

} // namespace ampoule::linker
