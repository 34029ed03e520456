// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What keeps the code and the constants of this image from being changed while it
// runs. `--ampoule-require-seal=static` and `=hypervisor` are for a program that
// must not run with less: the image then ends with status 69 before main.
#pragma once

#include <stdint.h>

namespace ampoule {

enum class Tier : uint32_t {
  Wx,         ///< memory is W^X, but the image can ask for other mappings
  Static,     ///< the processor: no code of the image can change its mappings
  Hypervisor, ///< Xen itself: nothing becomes code, whatever is asked for
};

/// Known before any constructor runs.
#ifdef __ampoule_host__
inline Tier tier() { return Tier::Wx; }
#else
namespace detail {
extern "C" Tier ampoule_tier;
}
inline Tier tier() { return detail::ampoule_tier; }
#endif

} // namespace ampoule
