// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Marks everything reachable from the roots.
#pragma once

#include "linker/Graph.h"

namespace ampoule::linker {

struct LiveSet {
  struct Parent {
    unsigned from; ///< kRoot for a root
    Reason reason;
  };
  static constexpr unsigned kRoot = ~0u;

  /// By node: how it was reached first; nodes that are not live have none.
  llvm::DenseMap<unsigned, Parent> parents;
  /// Names of libOS modules with a live definition, or needed by one.
  llvm::StringSet<> modules;

  bool isLive(unsigned node) const { return parents.contains(node); }
};

/// Breadth first, so that a parent chain is a shortest one. One rule beyond
/// references: a module with a live definition makes its init and the modules
/// it needs live.
LiveSet reach(const Graph &graph, const ModuleSet &modules);

/// Each live node with the chain that keeps it, as lld's --why-live prints it.
void printReach(const Graph &graph, const LiveSet &live,
                llvm::raw_ostream &os);

} // namespace ampoule::linker
