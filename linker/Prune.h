// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Closes the world around the program and removes what nothing reaches.
#pragma once

#include "linker/Reach.h"

namespace ampoule::linker {

/// Names that code outside the merged module, or code generation, can refer
/// to: their definitions must keep name and signature.
llvm::StringSet<> visibleNames(const Program &program,
                               const SymbolTable &symbols,
                               const Config &config,
                               llvm::ArrayRef<std::string> entries,
                               const ModuleSet &modules);

/// Gives every other definition internal linkage.
void internalise(Program &program, const llvm::StringSet<> &visible);

/// Virtual functions that no call can reach leave their vtables (LLVM's
/// GlobalDCE), unless the program holds code that calls without telling.
void eliminateVirtuals(Program &program);

/// Deletes every definition that is not live.
void prune(Program &program, const Graph &graph, const LiveSet &live);

/// Functions that the optimiser or code generation may call out of thin air
/// (memcpy, sqrt, puts for printf, …).
bool isLibraryCall(llvm::StringRef name);

} // namespace ampoule::linker
