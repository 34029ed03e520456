// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What sources ask of the libraries and code generation took away
// (compiler/Dependencies.h writes the lists that are read here).
#pragma once

#include "llvm/ADT/StringRef.h"
#include <string>
#include <vector>

namespace llvm {
class Module;
}

namespace ampoule::linker {

inline constexpr llvm::StringLiteral kUsesSection = ".ampoule.uses";

/// A function of a library that a source uses, and its object does not.
struct ErasedUse {
  std::string name; ///< as linkers see it
  std::string place;
};

/// Reads the list of one source. It is a record, to be erased after the merge.
std::vector<ErasedUse> readErasedUses(const llvm::Module &module);

} // namespace ampoule::linker
