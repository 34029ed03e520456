// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// LLVM's link-time optimisation, once, over the whole program.
#pragma once

#include "linker/Program.h"

#include "llvm/Target/TargetMachine.h"

namespace ampoule::linker {

/// The machine all code is generated for; functions carry their own -march.
std::unique_ptr<llvm::TargetMachine> createTargetMachine(unsigned optLevel);

/// Runs the full LTO pipeline; level 0 only lowers what code generation cannot
/// read (type tests). `available` says which library functions may be called
/// by what the optimiser writes.
void optimise(llvm::Module &module, llvm::TargetMachine &machine,
              unsigned optLevel,
              llvm::function_ref<bool(llvm::StringRef)> available);

} // namespace ampoule::linker
