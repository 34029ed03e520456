// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The image's configuration (ampoule/config.h), defined by the linker:
// constants that it folds, or variables when they are set at boot.
#pragma once

#include "libos/include/ampoule/config.h"
#include "libos/include/ampoule/seal.h"
#include "xen-boot/abi/layout.h"

#include <cstdint>

extern "C" {
extern const char *const ampoule_config_hostname;
extern const char *const ampoule_config_address;
extern const char *const ampoule_config_gateway;
extern const char *const ampoule_config_nameservers;
extern const unsigned ampoule_config_ipv6;
extern const ampoule::LogLevel ampoule_config_log;
extern const std::uint64_t ampoule_config_memory_max;   ///< bytes
extern const std::uint32_t ampoule_config_disks;        ///< how many
extern const char *const ampoule_config_mount; ///< "xvda:/data,…"; or empty
extern const std::uint64_t ampoule_config_thread_stack; ///< bytes
extern const std::uint64_t ampoule_config_time_slice;   ///< nanoseconds
extern const ampoule::Tier ampoule_config_require_seal;
}

namespace ampoule {

/// Whether the image was linked for more memory than there is room for below the
/// hole of a PVH domain.
inline bool hasHighMemory() {
  return ampoule_config_memory_max > abi::kLowMemoryEnd;
}

} // namespace ampoule
