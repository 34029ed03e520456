// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

namespace ampoule::compiler {

/// Compiles and links as the command line says. `program` is this executable's
/// real path; argv[0] decides between C and C++. Exit codes are clang's: 1 for
/// what the user can mend, 70 for a crash of the compiler.
int drive(llvm::ArrayRef<const char *> argv, llvm::StringRef program);

} // namespace ampoule::compiler
