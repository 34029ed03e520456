// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What is reachable depends on what can be proved, and the other way round.
#pragma once

#include "linker/Fates.h"
#include "linker/GraphBuilder.h"
#include "linker/Reach.h"

#include "llvm/Target/TargetMachine.h"

namespace ampoule::linker {

struct Closure {
  Graph before;       ///< of all that came in
  ProgramGraph graph; ///< when nothing fell any more
  LiveSet live;       ///< of `graph`
  unsigned rounds = 0;
};

/// Marks, prunes and simplifies until nothing falls. With --ampoule-prune=none
/// it only marks; at -O0 nothing is simplified, so one round does.
Closure findClosure(Program &program, const SymbolTable &symbols,
                    ModuleSet &modules, const Config &config,
                    llvm::ArrayRef<std::string> entries,
                    llvm::TargetMachine &machine, Fates &fates, Diag &diag);

} // namespace ampoule::linker
