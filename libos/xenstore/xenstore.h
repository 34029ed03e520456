// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// xenstore (xen/include/public/io/xs_wire.h, docs/misc/xenstore.txt). Paths are
// absolute or below the domain's own directory. A request waits for its answer,
// and the image with it; changes are told through watches.
#pragma once

#include "libos/console/text.h"

#include <cstddef>
#include <cstdint>

namespace ampoule::xenstore {

using Path = console::Text<256>;

/// False if there is no xenstore or it refuses.
bool write(const char *path, const char *value);

/// The value and a zero. False: there is none, or it does not fit.
bool read(const char *path, char *value, std::size_t size);

/// A value in decimal. False: there is none.
bool readNumber(const char *path, std::uint64_t &value);

struct Watch {
  /// Called within a call, once at first and then whenever something at or
  /// below the path may have changed.
  void (*onChange)(Watch &) = nullptr;
  void *owner = nullptr; ///< for `onChange`
  Watch *next = nullptr;
  std::uint32_t number = 0;
  bool isDue = false;
};
bool watch(Watch &watch, const char *path);

/// Serves watches; if none is due, waits for one until that value of
/// time::monotonic. For modules that start, in a call: later this happens by
/// itself.
void waitForChange(std::uint64_t deadline);

} // namespace ampoule::xenstore
