// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The domain's network interfaces, as devices of lwIP.
#pragma once

namespace ampoule::net {

/// Connects all of them, and waits a while for addresses. Called once, outside
/// of a call.
void startInterfaces();

} // namespace ampoule::net
