// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "llvm/ADT/StringRef.h"

namespace ampoule::tools {

enum class ReportForm { Text, Json, Html, Pages };

/// Prints what is in an image to standard output; returns the exit code. The
/// page's frame is in the directory `share`.
int printReport(llvm::StringRef image, ReportForm form, llvm::StringRef share);

} // namespace ampoule::tools
