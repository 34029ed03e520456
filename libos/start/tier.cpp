// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "libos/console/line.h"
#include "libos/shutdown/shutdown.h"
#include "libos/start/start.h"
#include "xen-boot/abi/handoff.h"
#include "xen-boot/abi/seal.h"

/// Written by the linker (xen-boot/entry/seal.S).
extern "C" const volatile bool ampoule_is_proved;

namespace ampoule::start {

static_assert(offsetof(abi::Handoff, seal) == AMPOULE_HANDOFF_SEAL);

Tier tierOf(const abi::Handoff &handoff) {
  // Without a hypervisor nobody was asked, and nothing was answered.
  if (handoff.mode != abi::Mode::Direct && handoff.seal == 0)
    return Tier::Hypervisor;
  return handoff.mode != abi::Mode::Pv && ampoule_is_proved ? Tier::Static
                                                            : Tier::Wx;
}

const char *nameOf(Tier tier) {
  return tier == Tier::Hypervisor ? "hypervisor"
         : tier == Tier::Static   ? "static"
                                  : "wx";
}

void requireTier(Tier tier) {
  if (tier >= ampoule_config_require_seal)
    return;
  if (console::says(LogLevel::Error))
    console::Line() << "ampoule: error: main is not run: the seal is "
                    << nameOf(tier) << ", and --ampoule-require-seal="
                    << nameOf(ampoule_config_require_seal) << " asks for more";
  shutdown::end(shutdown::Kind::Exit, kUnavailableStatus);
}

} // namespace ampoule::start
