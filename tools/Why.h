// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// `ampoule why`: why a symbol is in an image, or what became of it.
#pragma once

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include <string>

namespace ampoule::tools {

struct WhyRequest {
  llvm::StringRef image;
  llvm::ArrayRef<std::string> patterns; ///< names, demangled names or globs
  bool before = false;                  ///< look at what is not in the image
  bool allRoots = false; ///< a chain from every root that keeps it
};

/// 0; 1 when a pattern matches nothing or the report cannot be read.
int printWhy(const WhyRequest &request);

} // namespace ampoule::tools
