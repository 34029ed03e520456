// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Where a value comes from, as far as its function shows.
#pragma once

#include "llvm/IR/Argument.h"
#include "llvm/IR/InstrTypes.h"
#include <string>
#include <vector>

namespace ampoule::linker {

/// A constant, an argument of the function, or neither: not known before it runs.
struct Origin {
  const llvm::Constant *constant = nullptr;
  const llvm::Argument *argument = nullptr;
};

/// Everything that a value may be.
std::vector<Origin> originsOf(const llvm::Value &value);

/// The line of a call, in the user's sources or a library's.
std::string placeOf(const llvm::CallBase &call);
bool isUsers(const llvm::CallBase &call);

} // namespace ampoule::linker
