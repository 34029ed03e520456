// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "llvm/ADT/StringRef.h"
#include <string>

namespace ampoule::run {

/// The configuration (xl.cfg(5)) by which `xl create` boots an image. `memory`
/// is in MiB.
std::string xlConfig(llvm::StringRef image, llvm::StringRef commandLine,
                     bool pv, unsigned memory);

} // namespace ampoule::run
