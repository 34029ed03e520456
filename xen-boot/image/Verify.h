// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Checks a finished image from the file alone.
#pragma once

#include "llvm/Support/Error.h"
#include "llvm/Support/MemoryBuffer.h"

namespace ampoule::image {

/// Reads the file as a loader does and walks the page tables it would boot
/// with. An error for the first rule that does not hold: both Xen notes,
/// whole regions inside the mapped window, no mapping that is writable and
/// executable, none of the page at address 0, tables themselves read-only.
/// `root` is the physical address of the top-level table.
llvm::Error verifyImage(llvm::ArrayRef<char> file, std::uint64_t root);

} // namespace ampoule::image
