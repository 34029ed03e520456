// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "xen-boot/run/Run.h"

namespace ampoule::run {

/// Where the parts of a domain lie for the xl that creates it.
struct XlPlaces {
  std::string name;    ///< of the domain
  std::string kernel;  ///< the image
  std::string ramdisk; ///< empty: none
  bool isOurDom0;      ///< the one in QEMU: it has one bridge, and disks of QEMU's
  std::string shim = {}; ///< a xen-shim for the image to run in, if not empty
};

/// The configuration (xl.cfg(5)) by which `xl create` boots an image. `onEnd` is
/// what xl does with the domain that has ended by itself. One that crashed is
/// preserved.
std::string xlConfig(const Request &request, const XlPlaces &places,
                     llvm::StringRef onEnd);

} // namespace ampoule::run
