// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <string>
#include <vector>

namespace ampoule::run {

struct ProcessResult {
  int status = 0;        ///< exit status, or 128 + signal
  bool timedOut = false; ///< killed because the time was over
};

/// Runs a program without standard input and hands its output (both streams) to
/// `consume` as it comes. The program dies with us, whatever ends us, and is
/// killed after `seconds`.
llvm::Expected<ProcessResult>
runProcess(const std::vector<std::string> &command, unsigned seconds,
           llvm::function_ref<void(llvm::StringRef)> consume);

} // namespace ampoule::run
