// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Closes the world around the program and removes what nothing reaches.
#pragma once

#include "linker/GraphBuilder.h"
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

/// Makes sure that optimisation keeps every definition.
void keepAll(Program &program);

/// Every function in a vtable is reached with the vtable. For programs with code
/// that may call virtual functions without telling.
void keepVirtuals(Program &program);

/// Forgets the modules that are not live.
void dropModules(ModuleSet &modules, const Graph &graph, const LiveSet &live);

/// Deletes every definition that is not live; false if there was none.
bool prune(Program &program, const ProgramGraph &graph, const LiveSet &live);

/// If no function needs a canary, none gets one later: inlining may bring an array
/// that was not to be protected into a function that would be.
void settleCanaries(Program &program);

/// Functions that the optimiser or code generation may call out of thin air
/// (memcpy, sqrt, puts for printf, …).
bool isLibraryCall(llvm::StringRef name);

} // namespace ampoule::linker
