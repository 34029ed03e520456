// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Names for the addresses in a panic report (libos/panic/panic.cpp).
#pragma once

#include "llvm/DebugInfo/Symbolize/Symbolize.h"
#include "llvm/Support/Error.h"
#include <memory>
#include <string>

namespace ampoule::run {

/// Rewrites lines of a report with the symbols of IMAGE.dbg.
class Symbolizer {
public:
  /// `image` or the file beside it that ends in .dbg must exist.
  static llvm::Expected<Symbolizer> open(llvm::StringRef image);

  /// A line without its line feed. "  at 0x..." gets function, file and line;
  /// a "  build ..." line of another image is an error.
  llvm::Expected<std::string> rewrite(llvm::StringRef line);

private:
  std::string debugFile;
  std::string buildId;
  std::shared_ptr<llvm::symbolize::LLVMSymbolizer> symbolizer;
};

} // namespace ampoule::run
