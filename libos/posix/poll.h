// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Waiting for any of several files.
#pragma once

#include "libos/posix/file.h"
#include "libos/threads/threads.h"

namespace ampoule::posix {

/// Those who wait for any change of a file's readiness; they look again
/// themselves.
extern threads::Queue pollers;

/// What can be done with the file has changed.
inline void notify(File &file) {
  ++file.changes;
  threads::wakeAll(pollers);
}

/// Waits until `look` returns something else than 0, or a deadline has passed
/// (0), or a signal came (-EINTR). Deadline 0: looks once.
template <typename Look> long waitForAny(std::uint64_t deadline, Look look) {
  while (true) {
    if (long result = look(); result || deadline == 0)
      return result;
    switch (threads::wait(pollers, deadline)) {
    case threads::Outcome::Woken:
      break;
    case threads::Outcome::TimedOut:
      return look();
    case threads::Outcome::Interrupted:
      return -kInterrupted;
    }
  }
}

/// Milliseconds as poll() and epoll_wait() have them.
std::uint64_t deadlineAfter(long milliseconds);

} // namespace ampoule::posix
