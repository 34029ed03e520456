// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// IMAGE.report.json, read back.
#pragma once

#include "linker/Report.h"

namespace ampoule::tools {

/// Behind the image's path.
inline constexpr llvm::StringLiteral kReportSuffix = ".report.json";

/// Reads the report beside an image, and fails when it is of another image (by
/// the build ID in the image's note).
llvm::Expected<linker::Report> openReport(llvm::StringRef image);

/// Prints "ampoule: error: …".
void printError(llvm::Error error);

} // namespace ampoule::tools
