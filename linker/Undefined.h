// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What nothing defines: library calls that the optimiser may use all the same,
// and references that are errors.
#pragma once

#include "linker/Fixpoint.h"
#include "linker/Program.h"

namespace ampoule::linker {

/// The library functions that a call written by the optimiser would find.
class AvailableCalls {
public:
  AvailableCalls(const Program &program, const SymbolTable &symbols,
                 const Config &config);
  bool contains(llvm::StringRef name) const { return names.contains(name); }

private:
  llvm::StringSet<> names;
};

/// Where each name that nothing defines is used, in lld's form, with the source
/// line where debug information has it. To be asked before functions are
/// inlined into one another.
using References = llvm::StringMap<std::string>;
References findReferences(const Program &program,
                          const AvailableCalls &available);

/// Reports each strong reference that is still in the program and that nothing
/// defines.
void reportUndefined(Program &program, const References &references,
                     const AvailableCalls &available, const Config &config,
                     Diag &diag);

/// Reports `text` with the chain from main that keeps a node, as
/// --ampoule-unsupported= asks for.
void tellUnsupported(const Closure &closure, unsigned node, std::string text,
                     const Config &config, Diag &diag);

/// Tells of each system call that live code makes and nothing implements, with
/// the chain of calls from the program (--ampoule-unsupported=). Returns their
/// names.
std::vector<std::string> reportUnsupported(const Closure &closure,
                                           const Config &config, Diag &diag);

} // namespace ampoule::linker
