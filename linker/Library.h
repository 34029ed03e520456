// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Outputs that are not images: -shared and -r.
#pragma once

#include "linker/Config.h"

namespace ampoule::linker {

class Diag;

/// -shared: an archive of the objects that a shared library would hold, under
/// the name that was asked for; a later link takes what it reaches. -r: the
/// bitcode inputs merged into one bitcode object.
void writeLibrary(const Config &config, Diag &diag);

} // namespace ampoule::linker
