// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the linker itself defines, for the library OS to read.
#pragma once

#include "linker/Program.h"

#include "llvm/IR/Constants.h"
#include "llvm/IR/GlobalVariable.h"

namespace ampoule::linker {

/// A constant that only other definitions of the linker refer to.
llvm::GlobalVariable *defineConstant(Program &program, llvm::Constant *value,
                                     const llvm::Twine &name,
                                     llvm::StringRef origin);

/// Replaces the declaration of `symbol`. Null if the program declares no such
/// variable: then nothing reads it.
llvm::GlobalVariable *defineDeclared(Program &program, llvm::StringRef symbol,
                                     llvm::Constant *value, bool isConstant,
                                     llvm::StringRef origin);

/// An array of structs of one type, which may be empty.
llvm::Constant *arrayOf(llvm::StructType *type,
                        llvm::ArrayRef<llvm::Constant *> entries);

} // namespace ampoule::linker
