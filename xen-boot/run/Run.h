// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Booting an image on this machine: on bare QEMU, or as the first domain of a
// real Xen in QEMU. Both are software emulation.
#pragma once

#include <string>
#include <vector>

namespace ampoule::run {

enum class Way {
  Direct, ///< bare QEMU, by the PVH note
  Pv,     ///< PV dom0 on Xen
  Pvh,    ///< PVH dom0 on Xen
};

struct Request {
  std::string image;
  std::string commandLine;
  Way way = Way::Pvh;
  unsigned memory = 64;  ///< MiB
  unsigned timeout = 60; ///< seconds
  bool quiet = false;
  bool verbose = false; ///< show Xen's own messages, too
};

/// Exit codes of the runner itself, as timeout(1) and env(1) have them.
inline constexpr int kTimedOut = 124, kRunFailed = 125, kCrashed = 126;

/// Boots the image and copies its console to standard output. Returns the
/// program's exit status, or one of the codes above after a message.
int run(const Request &request);

/// Whether Xen and QEMU are installed; otherwise says what is missing.
bool canRunXen(std::string &missing);

} // namespace ampoule::run
