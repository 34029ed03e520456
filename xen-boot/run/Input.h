// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Standard input, on its way to a domain's console. A console is a terminal and
// knows no end, so what comes is framed as in BSC's transparent mode: DLE STX,
// the bytes, each DLE twice, DLE ETX. The library OS takes such bytes as they are,
// and its input is at its end after them (libos/posix/terminal.cpp).
#pragma once

#include <poll.h>
#include <string>

namespace ampoule::run {

class Input {
public:
  /// `sink` is a socket, which stays the caller's.
  explicit Input(int sink);

  /// What to wait for next; a descriptor of -1 is nothing.
  void prepare(pollfd &from, pollfd &to) const;
  void work(const pollfd &from, const pollfd &to);

private:
  void take();
  void finish();

  int sink;
  bool isOpen = true;  ///< there may be more
  std::string pending; ///< for the sink
};

} // namespace ampoule::run
