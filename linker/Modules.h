// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// libOS module records (libos/abi/module.h): read from the merged program and
// then erased, so that a record keeps nothing alive and costs no byte.
#pragma once

#include "linker/Program.h"

namespace ampoule::linker {

struct LibosModule {
  std::string name;
  llvm::Function *init = nullptr; ///< null: nothing to initialise
  std::vector<std::string> needs;
};

struct ModuleSet {
  /// Needs come before those who need them.
  std::vector<LibosModule> ordered;
};

/// Reports cycles, two modules of one name, and malformed records.
ModuleSet takeModules(Program &program, Diag &diag);

void printModules(const ModuleSet &modules, llvm::raw_ostream &os);

} // namespace ampoule::linker
