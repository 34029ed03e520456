// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Shared mappings of files: the file's own pages, which then stay where they are.
#pragma once

#include "libos/posix/node.h"

namespace ampoule::posix {

/// The address, or a negative errno. The file has to be the program's own.
long mapShared(Node &file, std::size_t size, std::uint64_t offset);

/// Whether `start` lies in a shared mapping.
bool isShared(const void *start);

/// Ends the shared mappings that lie in the range. False: there are none.
bool unmapShared(const void *start, std::size_t pages);

} // namespace ampoule::posix
