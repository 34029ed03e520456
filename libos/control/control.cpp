// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The toolstack writes what it wants to control/shutdown; the domain empties
// the key and does it (xen/docs/misc/xenstore-paths.pandoc,
// ~/control/shutdown). Suspending is not offered, and refused.
#include "libos/control/control.h"

#include "libos/abi/module.h"
#include "libos/console/line.h"
#include "libos/shutdown/shutdown.h"
#include "libos/xenstore/xenstore.h"

namespace ampoule::control {
namespace {

constexpr char kKey[] = "control/shutdown";
/// As a shell would report SIGTERM.
constexpr int kTerminated = 128 + 15;

constinit bool (*ask)() = nullptr;
constinit bool isListening = false;
constinit xenstore::Watch shutdownWatch = {};

bool isEqual(const char *a, const char *b) {
  return __builtin_strcmp(a, b) == 0;
}

void onChange(xenstore::Watch &) {
  char wanted[16];
  if (!xenstore::read(kKey, wanted, sizeof(wanted)) || !wanted[0])
    return;
  xenstore::write(kKey, "");
  bool reboots = isEqual(wanted, "reboot");
  if (!reboots && !isEqual(wanted, "poweroff") && !isEqual(wanted, "halt")) {
    if (console::says(LogLevel::Warning))
      console::Line() << "ampoule: refused: the toolstack asks to " << wanted;
    return;
  }
  if (reboots)
    shutdown::rebootAtEnd();
  if (!ask || !ask())
    shutdown::end(shutdown::Kind::Exit, kTerminated);
}

} // namespace

void listen() {
  if (isListening)
    return;
  isListening = true;
  shutdownWatch.onChange = onChange;
  if (!xenstore::watch(shutdownWatch, kKey))
    return; // no toolstack
  xenstore::write("control/feature-poweroff", "1");
  xenstore::write("control/feature-reboot", "1");
}

void onEnd(bool (*function)()) { ask = function; }

} // namespace ampoule::control

AMPOULE_MODULE(control, nullptr, console, shutdown, xenstore);
