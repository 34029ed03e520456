// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What lwIP does from time to time. Nothing is due while there is nothing to do
// it for.
#pragma once

namespace ampoule::net {

/// Does what is due, and sets the vCPU's timer for what comes next.
void runTimers();

} // namespace ampoule::net
