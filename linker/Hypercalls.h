// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Which hypercalls a sealed image can still issue: Xen gets the list with the seal
// and refuses all others from then on (docs/sealing.md).
#pragma once

#include "linker/Graph.h"
#include "linker/Reach.h"

#include "llvm/IR/Module.h"
#include <map>
#include <string>
#include <vector>

namespace ampoule::linker {

/// Bit N: hypercall N. All bits: some number is not known.
inline constexpr std::uint64_t kAnyHypercall = ~std::uint64_t{0};

/// Calls of `ampoule_hypercall` in what is left of the program. Boot code does
/// not count: it is gone when Xen is told.
std::uint64_t issuedHypercalls(const llvm::Module &module);

/// Calls from native code. A section that issues hypercalls says which by labels
/// `ampoule_hypercall_N`; one that calls and has no label may issue any.
std::uint64_t issuedByNatives(const Graph &graph, const LiveSet &live);
std::uint64_t
labelledHypercalls(const std::map<std::string, std::uint64_t> &symbols);

/// Xen's names, without __HYPERVISOR_; "any" alone if the numbers are not known.
std::vector<std::string> hypercallNames(std::uint64_t bits);

} // namespace ampoule::linker
