// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Any number of deadlines on the vCPU's one timer.
#pragma once

#include <cstdint>

namespace ampoule::threads {

struct Timer {
  /// Called within a call, when the deadline has passed.
  void (*expire)(Timer &) = nullptr;
  void *owner = nullptr;      ///< for `expire`
  std::uint64_t deadline = 0; ///< of time::monotonic
  Timer *next = nullptr;
  bool isSet = false;
};

/// Deadlines that have passed are served whenever the library OS looks; with
/// `interruptForTimers` called, they interrupt the program.
void set(Timer &timer, std::uint64_t deadline);
void cancel(Timer &timer);

/// From now on a deadline interrupts the program. False: nothing can (bare
/// QEMU).
bool interruptForTimers();

/// The first deadline; ~0: there is none.
std::uint64_t firstDeadline();

/// Serves every deadline that has passed.
void expireTimers();

} // namespace ampoule::threads
