// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The end of an image, and what its user gets to know about it.
#pragma once

namespace ampoule::shutdown {

enum class Kind {
  Exit,  ///< the program ended by itself
  Crash, ///< abort, a fatal signal, a processor exception
};

/// Exit statuses of crashes, as a shell would report them.
inline constexpr int kAbortStatus = 128 + 6; // SIGABRT
inline constexpr int kPanicStatus = 70;      // sysexits.h, EX_SOFTWARE

/// Reports `status` (0 to 255) and ends the domain. domU: xenstore key
/// data/ampoule/exit-status, then SHUTDOWN_poweroff or SHUTDOWN_crash. dom0 and
/// bare QEMU: the status byte to port 0xe8, then QEMU's isa-debug-exit.
[[noreturn]] void end(Kind kind, int status);

/// The domain is to be started again when the program has ended by itself.
void rebootAtEnd();

/// Ends at once and reports nothing: for a fault while reporting one.
[[noreturn]] void halt();

} // namespace ampoule::shutdown
