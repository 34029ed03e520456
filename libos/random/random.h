// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Random numbers that cannot be predicted: OpenBSD's arc4random (ChaCha20, whose
// key is overwritten as it is used), with new entropy after every 1 to 2 MiB.
#pragma once

#include <cstddef>

namespace ampoule::random {

/// Whether there is entropy: the processor has RDSEED or RDRAND.
bool isAvailable();

/// To be called within a system call, if it is available.
void fill(void *buffer, std::size_t size);

} // namespace ampoule::random
