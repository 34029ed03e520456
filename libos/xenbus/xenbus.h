// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// How the two halves of a device find each other: both publish in xenstore what
// they have and a state, and watch the other's
// (xen/include/public/io/xenbus.h).
#pragma once

#include "libos/gnttab/gnttab.h"
#include "libos/xenstore/xenstore.h"

#include <cstddef>
#include <cstdint>

#include <xen/xen.h>

#include <xen/io/xenbus.h>

namespace ampoule::xenbus {

/// Our half of a device. It connects by itself when the backend is ready, and
/// again when the backend was away.
class Frontend {
public:
  /// The device `kind`/`index` of this domain, or a null path.
  bool open(const char *kind, unsigned index);

  /// Begins to follow the backend; waits until the device is there, at most
  /// until that value of time::monotonic. False: it is not, yet.
  bool start(std::uint64_t deadline);

  bool isUp() const { return up; }
  gnttab::Domain peer() const { return domain; }
  unsigned index() const { return number; }

protected:
  constexpr Frontend() = default;

  /// Makes the rings and publishes them. False: that is not possible.
  virtual bool connect() = 0;
  /// The state that says so; what the device is becomes known with `begin`.
  virtual XenbusState published() const { return XenbusStateConnected; }
  /// The backend has connected, too. What is wrong with it, or null.
  virtual const char *begin() = 0;
  /// The backend is gone: rings and grants end.
  virtual void disconnect() = 0;
  /// Something else of the backend's directory may have changed.
  virtual void look() {}

  bool read(const char *key, char *value, std::size_t size);
  /// 0 if there is none.
  std::uint64_t readNumber(const char *key);
  bool write(const char *key, std::uint64_t value);
  bool write(const char *key, const char *value);
  bool readBackend(const char *key, char *value, std::size_t size);
  std::uint64_t backendNumber(const char *key);

  /// Backends are not trusted: ends the connection, and says so.
  void refuse(const char *what);
  /// "ampoule: vif 0: TEXT", if the configuration wants to hear of it.
  void say(const char *text) const;

private:
  xenstore::Path ours(const char *key) const;
  xenstore::Path theirs(const char *key) const;
  void follow();
  void setState(XenbusState next);
  void leave();

  const char *kind = nullptr;
  unsigned number = 0;
  gnttab::Domain domain = 0;
  XenbusState state = XenbusStateInitialising;
  bool up = false, wasUp = false, isConnected = false, isRefused = false;
  char backend[96] = {};
  xenstore::Watch watch;
};

} // namespace ampoule::xenbus
