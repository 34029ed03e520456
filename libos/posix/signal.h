// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Signals as other parts of posix/ send them.
#pragma once

namespace ampoule::posix {

inline constexpr long kSigAlarm = 14;

/// For handlers of events: `signal` is delivered at the end of the upcall or,
/// if that came in the midst of a system call, at its end.
void postSignal(long signal);

/// At the end of an upcall: whether a signal can be delivered now. One that
/// must wait for the end of a call is remembered.
bool isSignalReady();

/// A call that waits must end with -EINTR.
bool isInterrupted();

} // namespace ampoule::posix
