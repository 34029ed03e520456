// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// For the parts of the library OS that wait in the midst of what others must not
// see half done; most of it needs no lock (call.h).
#pragma once

#include "libos/threads/threads.h"

namespace ampoule::threads {

class Mutex {
public:
  void lock() {
    while (isHeld)
      wait(waiting, kForever, /*isInterruptible=*/false);
    isHeld = true;
  }
  void unlock() {
    isHeld = false;
    if (waiting.first)
      wake(*waiting.first);
  }

private:
  Queue waiting;
  bool isHeld = false;
};

/// Holds it for a block.
class Holding {
public:
  explicit Holding(Mutex &mutex) : mutex(mutex) { mutex.lock(); }
  ~Holding() { mutex.unlock(); }
  Holding(const Holding &) = delete;
  Holding &operator=(const Holding &) = delete;

private:
  Mutex &mutex;
};

} // namespace ampoule::threads
