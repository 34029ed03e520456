// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// TCP/IP: lwIP, used within a call and nowhere else, so that nothing has to be
// locked and no packet waits for a thread. Who calls lwIP includes its headers
// and calls settle() when done.
#pragma once

namespace ampoule::net {

/// Delivers what loops back, and sets the timer for what lwIP waits for. Can
/// call any callback that lwIP was given, and so end connections.
void settle();

} // namespace ampoule::net

extern "C" {
/// Called where the program asks for IPv6, or joins a group: where nothing
/// does, the linker takes it out of lwIP.
void ampoule_use_ipv6();
void ampoule_use_groups();
}
