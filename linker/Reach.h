// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Marks everything reachable from the roots.
#pragma once

#include "linker/Graph.h"

#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include <optional>

namespace ampoule::linker {

struct LiveSet {
  static constexpr unsigned kRoot = ~0u;

  struct Parent {
    unsigned from; ///< kRoot for a root
    Reason reason;
    unsigned place;
    /// Of a vtable slot: who calls through it, the second of two premises.
    unsigned caller = kRoot;
    unsigned callerPlace = 0;
    unsigned key = 0;
  };

  /// By node: how it was reached first; nodes that are not live have none.
  std::vector<std::optional<Parent>> parents;

  bool isLive(unsigned node) const { return parents[node].has_value(); }
};

/// Breadth first, so that a parent chain is a shortest one. A function in a
/// slot of a vtable is live when the vtable is and a live function calls
/// through the slot. Edges that were proved away do not count, unless
/// `withGone`. `cut(from, to)` leaves out an edge (a root: from kRoot).
LiveSet reach(const Graph &graph, bool withGone = false,
              llvm::function_ref<bool(unsigned from, unsigned to)> cut = {});

/// The chain that keeps a live node, in the form of lld's --why-live; of a slot
/// both premises. It ends at a root, or at the symbol `until`.
void printChain(const Graph &graph, const LiveSet &live, unsigned node,
                llvm::function_ref<std::string(const Node &)> name,
                llvm::raw_ostream &os, llvm::StringRef until = {});

/// The first line of the user's on the chain that keeps a live node; empty:
/// there is none.
llvm::StringRef usersLineOn(const Graph &graph, const LiveSet &live,
                            unsigned node);

/// Each live node with its chain.
void printReach(const Graph &graph, const LiveSet &live, llvm::raw_ostream &os);

} // namespace ampoule::linker
