// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "libos/shutdown/shutdown.h"

#include "libos/abi/module.h"
#include "libos/console/console.h"
#include "libos/xen/xen.h"
#include "libos/xenstore/xenstore.h"
#include "xen-boot/abi/handoff.h"

namespace ampoule::shutdown {
namespace {

constexpr unsigned short kStatusPort = 0xe8, kExitPort = 0xf4;

constinit bool isDom0 = false, reboots = false;

void init(const abi::Handoff &handoff) { isDom0 = handoff.isDom0; }

/// "N" for 0 <= status <= 255.
void format(char (&text)[4], unsigned status) {
  char *at = text;
  if (status >= 100)
    *at++ = static_cast<char>('0' + status / 100);
  if (status >= 10)
    *at++ = static_cast<char>('0' + status / 10 % 10);
  *at++ = static_cast<char>('0' + status % 10);
  *at = 0;
}

void endEmulator(unsigned status) {
  if (xen::isPv()) {
    physdev_set_iopl_t iopl = {1};
    xen::hypercall(__HYPERVISOR_physdev_op, std::uint64_t{PHYSDEVOP_set_iopl},
                   &iopl);
  }
  asm volatile("outb %b0, %w1" ::"a"(status), "Nd"(kStatusPort));
  asm volatile("outb %b0, %w1" ::"a"(0), "Nd"(kExitPort));
}

} // namespace

void halt() {
  if (xen::isPresent())
    xen::shutdown(SHUTDOWN_crash);
  while (true)
    asm volatile("cli; hlt");
}

void rebootAtEnd() { reboots = true; }

void end(Kind kind, int status) {
  xen::maskUpcalls();
  unsigned byte = static_cast<unsigned>(status) & 0xff;
  if (!xen::isPresent() || isDom0)
    endEmulator(byte);
  if (!xen::isPresent())
    halt();
  console::drain();
  char text[4];
  format(text, byte);
  xenstore::write("data/ampoule/exit-status", text);
  xen::shutdown(kind == Kind::Crash ? SHUTDOWN_crash
                : reboots           ? SHUTDOWN_reboot
                                    : SHUTDOWN_poweroff);
}

} // namespace ampoule::shutdown

AMPOULE_MODULE(shutdown, &ampoule::shutdown::init, xen, console,
               xenstore);
