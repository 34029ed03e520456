// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The library OS is not re-entrant. A call of it runs to its end, or to a place
// where it waits, before any other begins: what an event brings about (a timer
// that ran out, a signal, the next thread's turn) waits for that moment.
//
//   call     |--------- isInCall ---------| late work | program …
//   event          ^ notes late work
//
// An image without events has no late work: only late work and events note
// any, the optimiser knows it, and a call is as cheap as a function. (It knows
// of variables that are loaded and stored, not of atomic arithmetic.)
#pragma once

namespace ampoule::threads {

extern bool isInCall;
/// Whether anything can interrupt the program.
extern bool hasEvents;

/// Work for the end of a call, if `late` is set, too.
extern bool late;
extern bool lateTimers;  ///< a deadline may have passed
extern bool lateTurn;    ///< the running thread has had its time
extern bool lateDevices; ///< some `Device` is due

inline void store(bool &variable, bool value) {
  __atomic_store_n(&variable, value, __ATOMIC_RELAXED);
  __atomic_signal_fence(__ATOMIC_SEQ_CST);
}
inline bool load(const bool &variable) {
  __atomic_signal_fence(__ATOMIC_SEQ_CST);
  return __atomic_load_n(&variable, __ATOMIC_RELAXED);
}

inline void addLate(bool &work) {
  store(work, true);
  store(late, true);
}

inline bool takeLate(bool &work) {
  bool isSet = load(work);
  store(work, false);
  return isSet;
}

inline void beginCall() { store(isInCall, true); }

/// Does the late work, and delivers signals.
void finishCall();

inline void endCall() {
  store(isInCall, false);
  if (load(late)) [[unlikely]]
    finishCall();
}

/// What has events of its own: their handler calls `addLate`, and `work` is
/// called within a call.
struct Device {
  void (*work)();
  bool isDue = false;
  Device *next = nullptr;
};
void addDevice(Device &device);
inline void addLate(Device &device) {
  store(device.isDue, true);
  addLate(lateDevices);
}

/// Called at the end of a call, outside of it, when the running thread has a
/// signal: runs the program's handlers.
void setSignalWork(void (*work)());

} // namespace ampoule::threads
