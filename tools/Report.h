// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "llvm/ADT/StringRef.h"

namespace ampoule::tools {

/// Prints IMAGE.report.json as text; returns the exit code.
int printReport(llvm::StringRef image);

} // namespace ampoule::tools
