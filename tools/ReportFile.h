// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// IMAGE.report.json, read back.
#pragma once

#include "linker/Explanation.h"

#include <map>

namespace ampoule::tools {

/// Reads the report beside an image, and fails when it is of another image (by
/// the build ID in the image's note).
llvm::Expected<llvm::json::Value> openReport(llvm::StringRef image);

/// The report's graph.
llvm::Expected<linker::Explanation>
openExplanation(llvm::StringRef image, const llvm::json::Value &report);

/// Bytes of the file.
struct ByteTotals {
  std::int64_t total = 0;
  std::map<std::string, std::int64_t> byKind;
  std::map<std::string, std::int64_t>
      byModule; ///< or kind, where there is none
};

ByteTotals addBytes(const llvm::json::Value &report);

/// Prints "ampoule: error: …".
void printError(llvm::Error error);

} // namespace ampoule::tools
