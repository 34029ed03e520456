// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What a native object must not do in an image.
#pragma once

#include "linker/Symbols.h"

namespace ampoule::linker {

/// Refuses the user's native objects that use the red zone: in an image the
/// memory below the stack pointer is overwritten by traps (ring 0, PVH) and
/// upcalls (PV) at any time.
/// The error for a symbol that a loader would have to resolve by calling code.
std::string describeIfunc(llvm::StringRef file, llvm::StringRef symbol);

void checkNatives(const SymbolTable &symbols, Diag &diag);

} // namespace ampoule::linker
