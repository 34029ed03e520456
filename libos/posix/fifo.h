// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Pipes that have a name.
#pragma once

#include "libos/posix/node.h"

namespace ampoule::posix {

/// Waits as fifo(7) says: a reader for a writer, and a writer for a reader. The new
/// descriptor or a negative errno.
long openFifo(Node &node, std::uint32_t flags);

/// The linker's answers: can the program make one?
extern "C" int __ampoule_live_sys_mknod();
extern "C" int __ampoule_live_sys_mknodat();
inline bool hasFifos() {
  return __ampoule_live_sys_mknod() || __ampoule_live_sys_mknodat();
}

} // namespace ampoule::posix
