// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "libos/abi/config.h"
#include "libos/console/line.h"
#include "libos/start/start.h"
#include "libos/xenstore/xenstore.h"
#include "xen-boot/abi/handoff.h"
#include "xen-boot/abi/layout.h"

namespace ampoule::start {

void announce(const abi::Handoff &handoff, Tier tier) {
  // What nobody asks for is not in the image.
  if (console::says(LogLevel::Info) || ampoule_config_require_seal != Tier::Wx)
    xenstore::write("data/ampoule/tier", nameOf(tier));
  if (!console::says(LogLevel::Info))
    return;
  std::uint64_t bytes = 0;
  for (std::uint64_t i = 0; i < handoff.memoryRanges; ++i)
    bytes += handoff.memory[i].end - handoff.memory[i].start;
  bool isPv = handoff.mode == abi::Mode::Pv;
  console::Line line;
  line << "ampoule: " << ampoule_config_hostname << " on "
       << (handoff.mode == abi::Mode::Direct ? "no hypervisor"
           : handoff.isDom0 ? isPv ? "Xen, PV dom0" : "Xen, PVH dom0"
           : isPv           ? "Xen, PV"
                            : "Xen, PVH");
  (line << ", ").number(bytes >> 10) << " KiB free, ";
  std::uint64_t last = ampoule_config_memory_max;
  if (hasHighMemory() && !isPv)
    last += abi::kHighMemory - abi::kLowMemoryEnd;
  if (handoff.memoryEnd > last)
    line.number((handoff.memoryEnd - last) >> 10)
        << " KiB not used (--ampoule-memory-max=), ";
  line << "seal: " << nameOf(tier);
}

} // namespace ampoule::start
