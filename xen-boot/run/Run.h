// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Booting an image: under xl, as the first domain of Xen, or without Xen. There
// is more than one way to come by a Xen; Run.cpp chooses.
#pragma once

#include "xen-boot/run/Devices.h"

#include <string>

namespace ampoule::run {

enum class Kind { Pv, Pvh };
enum class Way {
  Guest,  ///< domU under xl: this machine's, or that of a dom0 in QEMU
  Dom0,   ///< the first domain of a Xen in QEMU
  Direct, ///< bare QEMU, by the PVH note
};

struct Request {
  std::string image;
  std::string ramdisk; ///< of a Linux kernel; empty: none
  std::string commandLine;
  Kind kind = Kind::Pvh;
  Way way = Way::Guest;
  unsigned memory = 64;   ///< MiB
  unsigned timeout = 60;  ///< seconds; 0: no limit
  unsigned gdbPort = 0;   ///< of this host, where Way::Direct awaits gdb; 0: none
  Devices devices;        ///< of a domU
  std::string sharePath;  ///< share/ampoule of the installation
  std::string hypervisor; ///< a Xen to run in QEMU; empty: Debian's
  std::string shim;       ///< a xen-shim to run the image in; empty: none
  std::string dom0Script; ///< runs in QEMU's dom0, in the place of run-domain
  bool hasInput = true; ///< our standard input is a domU's
  bool quiet = false;
  bool verbose = false; ///< show Xen's own messages, too
};

/// Exit codes of the runner itself, as timeout(1) and env(1) have them.
inline constexpr int kTimedOut = 124, kRunFailed = 125, kCrashed = 126;

/// Boots the image and copies its console to standard output. Returns the
/// program's exit status, or one of the codes above after a message.
int run(const Request &request);

/// Whether images can be run that way here; otherwise says what is missing.
bool canRun(Way way, std::string &missing);

} // namespace ampoule::run
