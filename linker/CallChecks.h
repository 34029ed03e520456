// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Control-flow integrity (--ampoule-hardened): a call through a pointer goes to a
// function of the type that the call names, or the program stops.
//
// The program's own code has clang's checks (-fsanitize=cfi-icall,cfi-mfcall).
// Libraries serve programs with and without: there, calls and functions only say
// which type they have (-fsanitize=kcfi: an operand bundle, metadata), which no pass
// of the optimiser looks at, so that without the option an image is what it was
// before there was one. A virtual call names its type in any code. All of this ends
// as calls of llvm.type.test, which LLVM's LowerTypeTests, a pass of the link-time
// pipeline, turns into jump tables and comparisons.
#pragma once

#include "linker/Program.h"

namespace ampoule::linker {

/// Where a check that failed ends (libos/panic/calls.cpp, libos/linux).
inline constexpr llvm::StringLiteral kCheckFailed = "ampoule_call_check_failed";

/// Takes out what checks calls or says what they should be.
void dropCallChecks(llvm::Module &module);

/// Makes every call that says its type a checked one.
void completeCallChecks(llvm::Module &module);

/// After optimisation: has the traps of checks call kCheckFailed.
void reportFailedChecks(llvm::Module &module);

/// Of a library's module: takes out the assembly that -fsanitize=kcfi adds, symbols
/// for a kernel's assembler, and its flags for code generation.
void dropTypeSymbols(llvm::Module &module);

} // namespace ampoule::linker
