// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// /proc, as far as programs read it.
#pragma once

#include "libos/posix/file.h"

namespace ampoule::posix {

/// Makes the file of that absolute path, with what it says now. Null: there is
/// none, or no memory.
File *openProcFile(const char *path);

/// The text of the link /proc/self/exe; null: it is another path.
const char *findProcLink(const char *path);

} // namespace ampoule::posix
