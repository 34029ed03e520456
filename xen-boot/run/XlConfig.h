// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "llvm/ADT/StringRef.h"
#include <string>

namespace ampoule::run {

/// The configuration (xl.cfg(5)) by which `xl create` boots an image. `memory`
/// is in MiB; `onEnd` is what xl does with the domain that has ended by itself.
/// One that crashed is preserved.
std::string xlConfig(llvm::StringRef name, llvm::StringRef image,
                     llvm::StringRef commandLine, bool isPv, unsigned memory,
                     llvm::StringRef onEnd);

} // namespace ampoule::run
