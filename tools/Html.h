// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The report as one page for a browser, without references to anything else.
#pragma once

#include "linker/Report.h"

namespace ampoule::tools {

/// Prints share/report.html with the report in it; returns the exit code.
int printHtml(const linker::Report &report, llvm::StringRef image,
              llvm::StringRef share);

} // namespace ampoule::tools
