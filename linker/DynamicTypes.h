// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Whether code reads from an object's vtable of which type the object is. If none
// does, vtables need not name their types (Itanium C++ ABI, section 2.5.2), whose
// names are long.
//
// typeid does, where its operand has virtual functions, in a load like any other. So it
// is looked for before optimisation, in what the front end wrote, and the object says
// what was found. dynamic_cast is a call, which the linker sees.
#pragma once

#include "llvm/IR/Module.h"

namespace ampoule::linker {

/// Looks through a module that the front end just wrote.
void noteDynamicTypes(llvm::Module &module);
/// False: it was looked through, and does not.
bool mayReadDynamicTypes(const llvm::Module &module);

} // namespace ampoule::linker
