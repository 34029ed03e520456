// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The table of boot-time parameters that the linker writes.
#pragma once

#include "libos/include/ampoule/parameter.h"

#include <cstddef>
#include <cstdint>

namespace ampoule::abi {

struct Parameter {
  const char *name;
  void *value;
  /// Of Choice: their names, each with its zero, then an empty one.
  const char *choices;
  /// Of Signed: std::int64_t; of Text: `most` characters, or any if it is 0.
  std::uint64_t least, most;
  detail::ParameterKind kind;
  std::uint32_t size; ///< of the value, in bytes
};

static_assert(offsetof(Parameter, kind) == 40 && sizeof(Parameter) == 48);

} // namespace ampoule::abi

/// What is in the image; ends with a null name.
extern "C" const ampoule::abi::Parameter ampoule_parameters[];
