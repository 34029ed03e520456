// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "llvm/ADT/StringRef.h"

namespace ampoule::tools {

/// `ampoule verify IMAGE`: prints each rule and whether it holds; `mappings`
/// prints every mapping of the sealed tables, too. Returns 0 only if all hold.
int printVerification(llvm::StringRef image, bool mappings);

} // namespace ampoule::tools
