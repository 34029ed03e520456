// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Which arguments a system call takes that does many things (ioctl, fcntl): the
// library OS says it beside its code (AMPOULE_SUPPORTS), the linker compares.
#pragma once

#include "linker/Fixpoint.h"

namespace ampoule::linker {

/// One AMPOULE_SUPPORTS.
struct Supports {
  std::string call; ///< without sys_
  /// The one that decides, and the one that says of what it is, if there is.
  std::vector<unsigned> arguments;
  std::string what;    ///< what the argument is called: request, command
  std::string selects; ///< the other: level
  std::vector<std::int64_t> values;
};

/// Reads the records and takes them out of the program.
std::vector<Supports> takeSupports(Program &program, Diag &diag);

/// A use of such a call, where the user's code decides the argument, or where a
/// library's function is certain to make it.
struct ArgumentUse {
  std::string call, what;
  std::optional<std::int64_t> value; ///< nothing: not known before it runs
  std::string place;
  unsigned node; ///< the function in which it is decided
};

/// Uses in what is live with an argument that is not supported, or not known.
std::vector<ArgumentUse> findArgumentUses(const Program &program,
                                          const ProgramGraph &graph,
                                          const LiveSet &live,
                                          llvm::ArrayRef<Supports> supports);

/// Tells of the first with the chain of calls, as of system calls that are
/// missing (--ampoule-unsupported=).
void reportArguments(const Closure &closure, llvm::ArrayRef<ArgumentUse> uses,
                     const Config &config, Diag &diag);

} // namespace ampoule::linker
