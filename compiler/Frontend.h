// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "llvm/ADT/ArrayRef.h"

namespace ampoule::compiler {

/// One compilation in this process: what `clang -cc1` does with these
/// arguments (without "-cc1"). Returns the exit code.
int runFrontend(llvm::ArrayRef<const char *> args, const char *argv0);

} // namespace ampoule::compiler
