// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The first lines of a report, as text.
#pragma once

#include "linker/Blockers.h"

namespace ampoule::linker {

/// How many functions came in, and what became of them.
struct FunctionCounts {
  unsigned total = 0;
  unsigned kept = 0;
  std::map<std::string, unsigned> byFate; ///< "inlined by InlinerPass"
};
FunctionCounts countFunctions(const Explanation &explanation);

/// Blockers and subtrees of less are not worth a line.
std::uint64_t leastWorth(const ByteTotals &totals);

/// Size, kept functions and bytes, modules in and out, and the costliest
/// blockers (--ampoule-summary).
void printHeadline(const Report &report, llvm::StringRef image,
                   llvm::ArrayRef<Blocker> blockers, llvm::raw_ostream &os);

} // namespace ampoule::linker
