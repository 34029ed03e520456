// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The graph of a program.
#pragma once

#include "linker/Graph.h"
#include "linker/Modules.h"
#include "linker/Reach.h"

namespace ampoule::linker {

struct ProgramGraph : Graph {
  llvm::DenseMap<const llvm::GlobalValue *, unsigned> ofValue;

  /// What is not in the graph is not live.
  bool isLive(const llvm::GlobalValue *value, const LiveSet &live) const {
    auto it = ofValue.find(value);
    return it != ofValue.end() && live.isLive(it->second);
  }
};

/// Builds the graph. `entries` are the symbols where execution starts.
ProgramGraph buildGraph(Program &program, const SymbolTable &symbols,
                        const ModuleSet &modules, const Config &config,
                        llvm::ArrayRef<std::string> entries, Diag &diag);

} // namespace ampoule::linker
