// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The user's command line, sorted: what clang shall see, what is ours, what the
// linker needs to know.
#pragma once

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/StringSaver.h"
#include <optional>
#include <string>
#include <vector>

namespace ampoule::compiler {

struct Arguments {
  std::vector<const char *> clang;  ///< without the program's name
  std::vector<const char *> linker; ///< options of ours for a link job
  std::vector<std::string> hostHeaders;
  bool linksCxx = false;
  bool noStandardLibraries = false; ///< -nostdlib, -nodefaultlibs
  bool helpOnly = false;
  bool hardened = false;
  bool isForHost = false; ///< `clang` is a command line for the packaged clang
  std::vector<llvm::StringRef> unknownToHost; ///< options it cannot honour
  llvm::StringRef unsupported = "warning"; ///< compiler/Unsupported.cpp
};

/// Sorts the arguments (response files already expanded) and those of the
/// environment variable AMPOULE_FLAGS. `isCxx`: called as a C++ driver. Nothing
/// is returned after a mistake, which has been reported.
std::optional<Arguments> sortArguments(llvm::ArrayRef<const char *> argv,
                                       bool isCxx, llvm::StringRef prefix,
                                       llvm::StringSaver &saver);

} // namespace ampoule::compiler
