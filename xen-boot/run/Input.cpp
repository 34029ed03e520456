// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "xen-boot/run/Input.h"

#include "llvm/ADT/StringRef.h"
#include <cerrno>
#include <sys/socket.h>
#include <unistd.h>

using namespace llvm;

namespace ampoule::run {

constexpr char kStartOfText = 2, kEndOfText = 3, kDataLinkEscape = 16;

Input::Input(int sink) : sink(sink) {
  pending = {kDataLinkEscape, kStartOfText};
  // A terminal would stop us if we read it in the background.
  if (isatty(STDIN_FILENO) && tcgetpgrp(STDIN_FILENO) != getpgrp())
    finish();
}

void Input::finish() {
  isOpen = false;
  pending += {kDataLinkEscape, kEndOfText};
}

void Input::prepare(pollfd &from, pollfd &to) const {
  bool reads = isOpen && pending.empty();
  from = {reads ? STDIN_FILENO : -1, POLLIN, 0};
  to = {pending.empty() ? -1 : sink, POLLOUT, 0};
}

void Input::take() {
  char buffer[4096];
  ssize_t size = read(STDIN_FILENO, buffer, sizeof(buffer));
  if (size < 0 && (errno == EINTR || errno == EAGAIN))
    return;
  if (size <= 0)
    return finish();
  for (char c : StringRef(buffer, static_cast<std::size_t>(size))) {
    if (c == kDataLinkEscape)
      pending += c;
    pending += c;
  }
}

void Input::work(const pollfd &from, const pollfd &to) {
  if (from.fd >= 0 && from.revents)
    take();
  if (to.fd < 0 || !to.revents)
    return;
  ssize_t size =
      send(sink, pending.data(), pending.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  if (size > 0) {
    pending.erase(0, static_cast<std::size_t>(size));
  } else if (errno != EINTR && errno != EAGAIN) {
    // Nobody is there to take it.
    isOpen = false;
    pending.clear();
  }
}

} // namespace ampoule::run
