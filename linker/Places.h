// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Lines of the source, as they stand in chains and reports.
#pragma once

#include "linker/Graph.h"

#include "llvm/ADT/DenseMap.h"
#include "llvm/IR/DebugInfoMetadata.h"

namespace ampoule::linker {

/// Interns places of a graph. Files are named relative to the directory in
/// which they were compiled, headers of the toolchain relative to the include
/// directory, so that a report does not depend on where a build was made.
class Places {
public:
  explicit Places(Graph &graph) : graph(graph) {}
  unsigned of(const llvm::DILocation *location);
  /// Where a function is defined.
  unsigned of(const llvm::DISubprogram *subprogram);

private:
  llvm::StringRef fileOf(const llvm::DIFile *file);

  Graph &graph;
  llvm::DenseMap<const llvm::Metadata *, unsigned> known;
  llvm::DenseMap<const llvm::DIFile *, std::string> files;
};

/// The directory of a source file as the compiler was given it, absolute if the
/// program knows where it was compiled.
std::string directoryOf(const llvm::Module &module, llvm::StringRef file);

/// "file:line:column" in a module that is one source, in the form of a place.
std::string shownPlace(const llvm::Module &module, llvm::StringRef place);

/// A source file as the compiler was given it, in the same form.
std::string shownFile(const llvm::Module &module, llvm::StringRef file);

} // namespace ampoule::linker
