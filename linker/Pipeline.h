// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One link, from the names on the command line to a finished image.
#pragma once

#include "linker/Config.h"
#include "linker/Report.h"
#include "xen-boot/image/Image.h"

namespace ampoule::linker {

class Diag;

struct Product {
  image::Image image;
  Report report;
  std::string reportText; ///< the report as JSON
};

/// Nothing when a stage failed (`diag` says why) or --stop-after ended the
/// walk; what --print asked for goes to `os`.
std::optional<Product> link(const Config &config, Diag &diag,
                            llvm::raw_ostream &os);

} // namespace ampoule::linker
