// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The program's configuration (AMPOULE_CONFIG, AMPOULE_PARAMETER) and the
// options' become one: constants that the optimiser folds, and a table of what
// is set at boot.
#pragma once

#include "linker/Embed.h"
#include "linker/Parameter.h"
#include "linker/Program.h"
#include "linker/Settings.h"

#include "llvm/ADT/StringMap.h"
#include "llvm/IR/ValueHandle.h"

namespace ampoule::linker {

struct Configuration {
  struct BootValue {
    Parameter parameter;
    /// Null when it has left the program.
    llvm::WeakTrackingVH variable;
  };

  Settings settings;
  std::vector<Embed> embeds;
  std::vector<BootValue> parameters; ///< by name
};

/// Reads the records and takes them out of the program, merges them with the
/// options, and defines what libos/abi/config.h and files.h declare. Reports
/// what is stated twice and differently.
Configuration takeConfiguration(Program &program, const Config &config,
                                Diag &diag);

/// `frames`: functions' needs of stack. Where the program does not state how much
/// main has, it gets that of the largest beside what is usual, as other systems'
/// stacks of megabytes have room for it; where it does, too little is warned of.
void fitStack(Settings &settings, const llvm::StringMap<std::uint64_t> &frames,
              Diag &diag);

/// Defines the table of parameters that are in the program, which
/// libos/start/parameters.cpp reads. Returns all, with their states.
std::vector<Parameter> addParameters(Program &program,
                                     const Configuration &configuration);

} // namespace ampoule::linker
