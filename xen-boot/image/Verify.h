// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Proves what can be proved of an image from the file alone (docs/sealing.md).
#pragma once

#include "xen-boot/image/PageTables.h"

#include <string>

namespace ampoule::image {

struct Violation {
  llvm::StringRef rule; ///< one of kRules' names
  std::uint64_t address;
  std::string what;
};

struct Rule {
  llvm::StringLiteral name;
  llvm::StringLiteral meaning;
};

/// In the order in which they are checked.
llvm::ArrayRef<Rule> rules();

/// The rules about instructions: the program's code can break them, without a
/// mistake of the linker's.
inline constexpr llvm::StringLiteral kInstructionRule = "instructions",
                                     kHypercallRule = "hypercalls";
inline bool isAboutCode(const Violation &violation) {
  return violation.rule == kInstructionRule || violation.rule == kHypercallRule;
}

struct Verification {
  std::uint64_t root = 0;   ///< of the sealed tables, physical
  std::uint64_t sealed = 0; ///< the first instruction behind the door
  std::vector<Mapping> mappings;
  std::uint64_t executableBytes = 0;
  std::vector<Violation> violations;
};

/// Reads the file as a loader does, walks the tables that the image's note
/// names, and reads the code that they make executable. What keeps it from
/// looking further ends the list.
Verification verifyImage(llvm::ArrayRef<char> file);

} // namespace ampoule::image
