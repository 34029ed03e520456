// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Why each definition is in an image, or is not: the part of the report that
// `ampoule why` reads (docs/report-format.md, key "graph").
#pragma once

#include "linker/Graph.h"

#include "llvm/Support/JSON.h"

namespace ampoule::linker {

/// What became of a definition, and by whom.
struct Fate {
  enum Kind : std::uint8_t {
    Kept,        ///< is in the file
    Unreachable, ///< nothing live refers to it
    Removed,     ///< by a pass of the optimiser
    Inlined,     ///< into all its callers, and nothing was left of it
    Folded,      ///< another definition stands for it
    Discarded,   ///< by the final link
  };
  Kind kind = Kept;
  std::string by;                ///< LLVM's name of the pass
  std::vector<std::string> into; ///< of Inlined and Folded: symbols
};
inline constexpr unsigned kFates = Fate::Discarded + 1;

llvm::StringRef describe(Fate::Kind kind);

/// The graph of all that came in, with the fate of each node, its bytes in the
/// file, and those before pruning (zero where they were not measured). Edges
/// that were proved away are marked `gone`: without them, what is live is what
/// was linked.
struct Explanation {
  Graph graph;
  std::vector<Fate> fates;
  std::vector<std::uint64_t> sizes;
  std::vector<std::uint64_t> before;
};

void write(const Explanation &explanation, llvm::json::OStream &json);
/// Fails when the object is not what `write` makes.
llvm::Expected<Explanation> readExplanation(const llvm::json::Object &object);

} // namespace ampoule::linker
