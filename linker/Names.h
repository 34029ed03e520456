// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Names of symbols as people write and read them.
#pragma once

#include "linker/Graph.h"

#include "llvm/Support/GlobPattern.h"
#include <optional>

namespace ampoule::linker {

std::string shownName(const Node &node);
/// Short: a function without parameters and template arguments, a section by
/// the first symbol that it defines.
std::string titleOf(const Node &node);

/// What may stand for a node, or for a symbol that it defines: mangled,
/// demangled, and demangled without result type and parameters; the last two
/// also as sources write them, without libc++'s version.
std::vector<std::string> spellings(const Node &node);

/// A spelling, or a glob over spellings.
class NamePattern {
public:
  explicit NamePattern(llvm::StringRef text);
  NamePattern(const NamePattern &) = delete; // `glob` refers to `text`
  bool matches(llvm::ArrayRef<std::string> spellings) const;
  bool matches(const Node &node) const { return matches(spellings(node)); }

private:
  std::string text;
  std::optional<llvm::GlobPattern> glob;
};

} // namespace ampoule::linker
