// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "llvm/ADT/ArrayRef.h"
#include <string>

namespace ampoule::run {

/// The command line by which an image gets `name` as argv[0], `arguments` and
/// `environment` (NAME=VALUE each); libos/start/arguments.cpp reads it. Words
/// with a space, a quote or a backslash, and empty ones, are quoted:
///
///   LANG=C -- hello "two words" "a \"quote\""
std::string formatCommandLine(llvm::ArrayRef<std::string> environment,
                              llvm::StringRef name,
                              llvm::ArrayRef<std::string> arguments);

} // namespace ampoule::run
