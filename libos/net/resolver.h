// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What musl's resolver reads: /etc/resolv.conf and /etc/hosts.
#pragma once

#include <cstddef>

namespace ampoule::net {

inline constexpr std::size_t kTextSize = 512;

/// The text of the file with that path, now; its length. 0: it is another's.
std::size_t resolverText(const char *path, char (&text)[kTextSize]);

} // namespace ampoule::net
