// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The library OS in a process: what it asks of Linux, which stands where Xen
// stands in an image. All above memory, console, clock, interrupts and network
// device is what an image has, and goes by "no hypervisor is present".
#pragma once

#include <cstdint>

/// libos/linux/syscall.S
extern "C" long ampoule_host_call(long, long, long, long, long, long, long);

namespace ampoule::hosted {

enum Number : long {
  kRead = 0,
  kWrite = 1,
  kMmap = 9,
  kMprotect = 10,
  kSigaction = 13,
  kSigprocmask = 14,
  kIoctl = 16,
  kGetpid = 39,
  kFcntl = 72,
  kSigsuspend = 130,
  kTimerCreate = 222,
  kTimerSettime = 223,
  kClockGettime = 228,
  kClockNanosleep = 230,
  kExitGroup = 231,
  kOpenat = 257,
  kGetrandom = 318,
};

/// A number, or where something lies.
struct Word {
  constexpr Word(long value = 0) : value(value) {}
  constexpr Word(int value) : value(value) {}
  Word(const volatile void *pointer) : value(reinterpret_cast<long>(pointer)) {}
  long value;
};

/// The result, or a negative errno value.
inline long call(Number number, Word a = {}, Word b = {}, Word c = {},
                 Word d = {}, Word e = {}, Word f = {}) {
  return ampoule_host_call(number, a.value, b.value, c.value, d.value, e.value,
                           f.value);
}

/// Says what the process lacks, and ends it.
[[noreturn]] void refuse(const char *what, const char *name = "");

/// Has `handler` called like that of an event channel when the file that
/// `descriptor` names, which can tell (O_ASYNC), may have something to read.
void bind(long descriptor, void (*handler)());

/// Interrupts at that value of time::monotonic.
void setTimer(std::uint64_t deadline);

/// struct timespec
struct Moment {
  explicit constexpr Moment(std::uint64_t nanoseconds = 0)
      : seconds(nanoseconds / kSecond), rest(nanoseconds % kSecond) {}
  std::uint64_t nanoseconds() const { return seconds * kSecond + rest; }

  static constexpr std::uint64_t kSecond = 1'000'000'000;
  std::uint64_t seconds, rest;
};

inline constexpr long kMonotonic = 1, kRealtime = 0, kAbsolute = 1;

} // namespace ampoule::hosted
