// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Lines that the library OS itself writes.
#pragma once

#include "libos/abi/config.h"
#include "libos/console/console.h"
#include "libos/console/text.h"

namespace ampoule::console {

/// Whether the configuration wants to hear of it.
inline bool says(LogLevel level) { return ampoule_config_log >= level; }

/// Text is collected and written by the line: a write may be a hypercall.
class Line : public Text<160> {
public:
  ~Line() {
    put('\n');
    write(text, size);
  }
};

} // namespace ampoule::console
