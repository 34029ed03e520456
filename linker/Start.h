// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Writes the function that initialises the live modules.
#pragma once

#include "linker/Modules.h"

namespace ampoule::linker {

/// The name under which libos/start declares that function.
inline constexpr llvm::StringLiteral kStartModules = "ampoule_start_modules";

/// Gives ampoule_start_modules(const abi::Handoff *) a body: a call of the
/// init of each live module, needs first. Returns their names in that order.
std::vector<std::string> addStartModules(Program &program,
                                         const ModuleSet &modules);

} // namespace ampoule::linker
