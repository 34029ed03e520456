// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "libos/xenbus/xenbus.h"

#include "libos/abi/module.h"
#include "libos/console/line.h"
#include "libos/threads/call.h"
#include "libos/time/time.h"

namespace ampoule::xenbus {

using xenstore::Path;

bool Frontend::open(const char *deviceKind, unsigned deviceIndex) {
  kind = deviceKind;
  number = deviceIndex;
  domain = static_cast<gnttab::Domain>(readNumber("backend-id"));
  return read("backend", backend, sizeof(backend));
}

bool Frontend::start(std::uint64_t deadline) {
  watch.owner = this;
  watch.onChange = [](xenstore::Watch &watch) {
    static_cast<Frontend *>(watch.owner)->follow();
  };
  // In a call, no event is handled but here: none comes between the look at `up`
  // and the wait.
  threads::beginCall();
  setState(XenbusStateInitialising);
  if (xenstore::watch(watch, backend))
    while (!up && time::monotonic() < deadline)
      xenstore::waitForChange(deadline);
  threads::endCall();
  return up;
}

void Frontend::follow() {
  switch (backendNumber("state")) {
  case XenbusStateInitWait:
  case XenbusStateInitialised:
    if (up) { // it began anew
      leave();
      return setState(XenbusStateClosed);
    }
    if (state == XenbusStateClosed)
      setState(XenbusStateInitialising);
    if (isConnected || isRefused)
      return;
    isConnected = connect();
    if (!isConnected)
      return refuse("there is no room to connect it");
    return setState(published());
  case XenbusStateConnected:
    if (isConnected && !up) {
      if (const char *wrong = begin())
        return refuse(wrong);
      if (wasUp)
        say("the backend is back");
      up = wasUp = true;
      setState(XenbusStateConnected);
    }
    if (up)
      look();
    return;
  case XenbusStateClosing:
    leave();
    // Also if we are: the toolstack waits for the backend, and that for us.
    return setState(XenbusStateClosed);
  case XenbusStateClosed:
    if (state == XenbusStateInitialising)
      return; // it will see that we begin
    leave();
    // A backend that stays waits for us to begin.
    if (backendNumber("online") && !isRefused)
      return setState(XenbusStateInitialising);
    if (state != XenbusStateClosed)
      setState(XenbusStateClosed);
    return;
  case XenbusStateUnknown: // it was taken away; the next is another
    isRefused = false;
    if (!isConnected)
      return;
    leave();
    return setState(XenbusStateClosed);
  default:
    return;
  }
}

void Frontend::leave() {
  if (up)
    say("the backend has gone");
  if (isConnected)
    disconnect();
  up = isConnected = false;
}

void Frontend::refuse(const char *what) {
  say(what);
  isRefused = true;
  if (isConnected)
    disconnect();
  up = isConnected = false;
  setState(XenbusStateClosed);
}

void Frontend::say(const char *text) const {
  if (!console::says(LogLevel::Warning))
    return;
  console::Line line;
  (line << "ampoule: " << kind << " ").number(number) << ": " << text;
}

void Frontend::setState(XenbusState next) {
  state = next;
  write("state", static_cast<std::uint64_t>(next));
}

Path Frontend::ours(const char *key) const {
  Path path;
  ((path << "device/" << kind << "/").number(number)) << "/" << key;
  return path;
}

Path Frontend::theirs(const char *key) const {
  Path path;
  path << backend << "/" << key;
  return path;
}

static std::uint64_t numberOf(Path path) {
  std::uint64_t value;
  return xenstore::readNumber(path.get(), value) ? value : 0;
}

bool Frontend::read(const char *key, char *value, std::size_t size) {
  return xenstore::read(ours(key).get(), value, size);
}

std::uint64_t Frontend::readNumber(const char *key) {
  return numberOf(ours(key));
}

bool Frontend::write(const char *key, std::uint64_t value) {
  console::Text<24> text;
  return write(key, text.number(value).get());
}

bool Frontend::write(const char *key, const char *value) {
  return xenstore::write(ours(key).get(), value);
}

bool Frontend::readBackend(const char *key, char *value, std::size_t size) {
  return xenstore::read(theirs(key).get(), value, size);
}

std::uint64_t Frontend::backendNumber(const char *key) {
  return numberOf(theirs(key));
}

} // namespace ampoule::xenbus

AMPOULE_MODULE(xenbus, nullptr, console, gnttab, xenstore, time);
