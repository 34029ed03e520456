// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What parts of a program cost: the bytes that go when a part does. All of
// these are estimates, made by marking the graph again without it; what the
// optimiser would then do differently is not in them.
#pragma once

#include "linker/Reach.h"
#include "linker/Report.h"

namespace ampoule::linker {

/// A definition, and what is in the image only because of it.
struct Subtree {
  unsigned node;
  unsigned depth; ///< 0 for what no other holds
  std::uint64_t bytes;
};

/// A tree in print order: those of at least `least` bytes. A definition that
/// holds hardly more than a single one below it is left out.
std::vector<Subtree> findSubtrees(const Explanation &explanation,
                                  const LiveSet &live, std::uint64_t least);

/// What a program could do without.
struct Blocker {
  std::string title;
  std::string hint;
  std::uint64_t bytes;  ///< that would go
  unsigned definitions; ///< functions and variables that would go
  std::string start;    ///< the user's line that brings it in, if there is one
  unsigned node;        ///< whose chain tells how
};

void writeBlocker(const Blocker &blocker, llvm::json::OStream &json);

/// Those of at least `least` bytes, largest first.
std::vector<Blocker> findBlockers(const Report &report, const LiveSet &live,
                                  std::uint64_t least);

} // namespace ampoule::linker
