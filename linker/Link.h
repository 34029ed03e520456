// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The linker as the driver calls it (`-cc1link`).
#pragma once

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

namespace ampoule::linker {

/// `args` are ld-style, without a program name; `programPath` is where the
/// calling program lies (the runtime libraries are beside it). Returns an exit
/// status: 0, or 1 after at least one error was printed.
int linkMain(llvm::ArrayRef<const char *> args, llvm::StringRef programPath);

} // namespace ampoule::linker
