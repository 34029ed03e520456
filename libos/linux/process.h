// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the kernel put on a process's stack (System V ABI, figure 3.9): argc, argv,
// null, envp, null, then pairs.
#pragma once

#include "xen-boot/abi/handoff.h"

namespace ampoule::process {

abi::Handoff readStack(const std::uint64_t *stack);

/// The value of the pair with that number (AT_…), or 0.
std::uint64_t auxiliary(const std::uint64_t *stack, std::uint64_t number);

/// Of the environment. Null: there is none.
const char *variable(const std::uint64_t *stack, const char *name);

} // namespace ampoule::process
