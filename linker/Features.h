// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// CPU features that a program needs beyond the x86-64 baseline.
#pragma once

#include "linker/Program.h"

namespace ampoule::linker {

/// Looks which features the objects were compiled for (-march=, -mavx2; the
/// target attribute does not count, such functions are chosen at run time) and
/// defines ampoule_cpu_features, which libos/start/processor.cpp checks before
/// any of the program's code runs. Returns clang's names of the features.
std::vector<std::string> addFeatures(Program &program);

} // namespace ampoule::linker
