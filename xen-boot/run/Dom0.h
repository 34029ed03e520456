// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The small Linux dom0 that runs images under xl on a machine without Xen. It
// is built once, by xen-boot/dom0/build, and kept in the user's cache.
#pragma once

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <string>
#include <vector>

namespace ampoule::run {

/// MiB: what the emulated machine has for a domain beside the dom0, and the large
/// one.
inline constexpr unsigned kDomainMemory = 640, kMostDomainMemory = 6144;

class Dom0 {
public:
  explicit Dom0(std::vector<std::string> machine)
      : machine(std::move(machine)) {}

  /// The disk that it reads when it is told to "go": configuration, the names of
  /// the devices that the saved machine did not have, files, and the time, since
  /// a restored machine has that of its snapshot.
  llvm::Error
  writePayload(const std::string &path, llvm::StringRef config,
               llvm::StringRef devices,
               llvm::ArrayRef<std::pair<llvm::StringRef, std::string>> files)
      const;

  /// QEMU, with the console on its standard streams.
  std::vector<std::string> command(llvm::StringRef payload,
                                   llvm::StringRef status,
                                   llvm::StringRef log) const;

private:
  std::vector<std::string> machine; ///< arguments; see xen-boot/dom0/build
};

/// What a dom0 is booted on.
struct Machine {
  std::string hypervisor; ///< a file; empty: Debian's
  bool isPlain = false;   ///< a processor that xen-shim knows, too
  bool isLarge = false;   ///< for more than kDomainMemory
};

/// Builds it if it is not there. Two processes may ask at once.
llvm::Expected<Dom0> openDom0(const std::string &sharePath,
                              const Machine &machine);

/// Packages to install before it can be built; empty if there are none.
std::string missingForDom0();

} // namespace ampoule::run
