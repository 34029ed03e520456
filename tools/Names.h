// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Names of symbols as people write and read them.
#pragma once

#include "linker/Graph.h"

namespace ampoule::tools {

std::string shownName(const linker::Node &node);

/// Whether a pattern names a node or a symbol that it defines: mangled,
/// demangled, demangled without parameters, or as a glob over these two.
bool matchesName(const linker::Node &node, llvm::StringRef pattern);

} // namespace ampoule::tools
