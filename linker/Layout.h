// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Where everything goes: the link script of an image.
#pragma once

#include "linker/Program.h"

namespace ampoule::linker {

struct Layout {
  std::string script;
  std::vector<std::string> functions; ///< as they have to lie; none: as they come
  std::string entry;        ///< the symbol of e_entry
  std::uint64_t tablePages; ///< pages set aside for page tables
};

/// The symbols where execution can start, by target.
std::vector<std::string> entrySymbols(Target target);

/// Where things have to lie that would otherwise look like a forbidden
/// instruction.
struct Placement {
  std::vector<std::string> functions; ///< in their order; none: in any
  unsigned dataPadding = 0; ///< in 16 bytes before read-only data and data
};

/// What only some images have.
struct Extras {
  bool threads = false; ///< stacks beside the main one
  bool grants = false;  ///< pages that other domains get to see
  /// Compact unwind information, and frames are none of the image's.
  bool unwindInfo = false;
};

/// Room is set aside for what is known when addresses are; the pipeline asks again
/// with more when that was not enough.
struct Room {
  unsigned leafTables = 1;    ///< last-level page tables
  std::size_t unwindInfo = 0; ///< bytes
};

/// With a seed the regions lie apart by as many pages as it says.
Layout planLayout(const Config &config, const Settings &settings,
                  const Room &room, const Placement &placement,
                  const Extras &extras);

} // namespace ampoule::linker
