// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// LLVM's passes over the whole program.
#pragma once

#include "linker/Program.h"

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/IR/PassInstrumentation.h"
#include "llvm/Target/TargetMachine.h"

namespace ampoule::linker {

/// The machine all code is generated for; functions carry their own -march.
std::unique_ptr<llvm::TargetMachine> createTargetMachine(unsigned optLevel);

/// What the fixpoint of pruning needs and no more: propagates constants between
/// functions, folds the branches that they decide, and evaluates constructors.
/// Nothing is inlined, and type metadata stays as it is.
void simplify(llvm::Module &module, llvm::TargetMachine &machine,
              llvm::PassInstrumentationCallbacks *instrumentation);

/// Without -g no line gets into the image: once chains have been written, the
/// passes need not carry lines along.
void dropUnusedLines(llvm::Module &module);

/// A program that is all compiled with -Oz gets libraries that are: what they compile
/// for speed becomes small, too, as far as that is decided at the link.
void compileForSize(Program &program);

/// Runs the full LTO pipeline, once; level 0 only lowers what code generation cannot
/// read (type tests). `available` says which library functions may be called
/// by what the optimiser writes.
void optimise(llvm::Module &module, llvm::TargetMachine &machine,
              unsigned optLevel,
              llvm::function_ref<bool(llvm::StringRef)> available,
              llvm::PassInstrumentationCallbacks *instrumentation = nullptr);

} // namespace ampoule::linker
