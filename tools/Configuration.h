// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What an image's report tells whoever boots it: its memory and parameters.
#pragma once

#include "linker/Report.h"

namespace ampoule::tools {

/// The report beside the image. Without one, or with one of another build
/// (which is warned of), nothing is known: the image itself checks what it is
/// given.
std::optional<linker::Report> findReport(llvm::StringRef image);

/// Checks NAME=VALUE of --param, as far as it can without a report.
llvm::Error checkParameter(llvm::StringRef assignment,
                           const std::optional<linker::Report> &report);

/// port = 8080          an integer from 1 to 65535, at main.cpp:5
///                      TCP port to listen on
/// each line after `indent`.
void printParameters(llvm::ArrayRef<linker::Parameter> parameters,
                     llvm::StringRef indent, llvm::raw_ostream &os);

/// memory      32M      main.cpp:4
/// embed       site at /www, main.cpp:5
void printSettings(const linker::Report &report, llvm::StringRef indent,
                   llvm::raw_ostream &os);

} // namespace ampoule::tools
