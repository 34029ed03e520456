// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Where everything goes: the link script of an image.
#pragma once

#include "linker/Program.h"

namespace ampoule::linker {

struct Layout {
  std::string script;
  std::string entry;        ///< the symbol of e_entry
  std::uint64_t tablePages; ///< pages set aside for page tables
};

/// The symbols where execution can start, by target.
std::vector<std::string> entrySymbols(Target target);

/// A function that lies before all others, `distance` times 16 bytes apart from
/// what follows.
struct MovedFunction {
  std::string symbol;
  unsigned distance;
};

/// With a seed the regions lie apart by as many pages as it says.
/// `leafTables` last-level page tables are set aside; the pipeline asks again
/// with more when the image outgrew them.
Layout planLayout(const Config &config, const Settings &settings,
                  unsigned leafTables, llvm::ArrayRef<MovedFunction> moved);

} // namespace ampoule::linker
