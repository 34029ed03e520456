// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Many bitcode files -> one module.
#pragma once

#include "linker/Program.h"

namespace ampoule::linker {

/// Links the prevailing definition of each symbol into one module. Null after
/// an error, which is reported.
std::unique_ptr<Program> mergeProgram(SymbolTable &symbols,
                                      const Config &config, Diag &diag);

} // namespace ampoule::linker
