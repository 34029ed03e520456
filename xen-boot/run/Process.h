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

/// Runs a program, leaves its standard input open, and hands its output (both
/// streams) to `consume` as it comes. The program ends with us, whatever ends
/// us, and after `seconds` (0: never), by SIGTERM. `knock` is written to its
/// standard input every second until it answers, for a minute at most. Its
/// descriptor `ourInput`, if it is not -1, is a socket that gets our own
/// standard input (Input.h).
llvm::Expected<ProcessResult>
runProcess(const std::vector<std::string> &command, llvm::StringRef knock,
           int ourInput, unsigned seconds,
           llvm::function_ref<void(llvm::StringRef)> consume);

} // namespace ampoule::run
