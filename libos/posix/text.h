// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "libos/posix/file.h"

namespace ampoule::posix {

/// Whether the program reads any such file.
bool hasTexts();

/// A descriptor of a file that the library OS writes itself; -ENOENT: it has
/// none with that path.
long openText(const char *path, std::uint32_t flags);

} // namespace ampoule::posix
