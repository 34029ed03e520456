// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// xenstore, as far as an image needs it to say how it ended.
#pragma once

namespace ampoule::xenstore {

/// Writes `value` at `path`, relative to the domain's own directory. False if
/// there is no xenstore or it refuses.
bool write(const char *path, const char *value);

} // namespace ampoule::xenstore
