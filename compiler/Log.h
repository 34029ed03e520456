// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// AMPOULE_LOG=FILE: what the drivers really did, a JSON object a line.
#pragma once

#include "clang/Driver/Compilation.h"
#include "llvm/ADT/ArrayRef.h"
#include <chrono>

namespace ampoule::compiler {

/// One call of a driver. Lines are appended whole, so that a parallel build can
/// share the file:
///
///   {"arguments": [...], "directory": "...", "jobs": [[...], ...],
///    "seconds": 0.41, "status": 0}
class Log {
public:
  explicit Log(llvm::ArrayRef<const char *> argv);
  void write(const clang::driver::Compilation &compilation, int status) const;

private:
  llvm::ArrayRef<const char *> argv;
  std::chrono::steady_clock::time_point start;
};

} // namespace ampoule::compiler
