// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// System calls. musl calls sys_<name>(a, b, c, d, e, f) with Linux's arguments;
// a negative result is an errno value of Linux (asm-generic/errno.h). What is
// not defined here gets a body that returns -ENOSYS from the linker.
#pragma once

#include "libos/abi/supports.h"

#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

/// A call that does not return leaves isInCall set; nothing minds.
///
/// AMPOULE_SYSCALL(write, long fd, const char *buffer, std::size_t size) { … }
/// defines sys_write. Up to six parameters, integers and pointers.
#define AMPOULE_SYSCALL(name, ...)                                             \
  static long name##Call(__VA_ARGS__);                                         \
  extern "C" long sys_##name(long a, long b, long c, long d, long e, long f) { \
    return ::ampoule::posix::invoke(name##Call, {a, b, c, d, e, f});           \
  }                                                                            \
  static long name##Call(__VA_ARGS__)

namespace ampoule::posix {

template <typename Parameter> Parameter fromRegister(long value) {
  if constexpr (std::is_pointer_v<Parameter>)
    return reinterpret_cast<Parameter>(value);
  else
    return static_cast<Parameter>(value);
}

/// Signals that arrive by an upcall while a call runs wait for its end: the
/// library OS is not re-entrant. In an image without such signals nothing
/// reads the first and nothing writes the second, and both vanish.
extern bool isInCall, hasLateSignal;
void deliverLateSignals();

template <typename... Parameters>
long invoke(long (*call)(Parameters...), const long (&registers)[6]) {
  __atomic_store_n(&isInCall, true, __ATOMIC_RELAXED);
  __atomic_signal_fence(__ATOMIC_SEQ_CST);
  long result = [&]<std::size_t... i>(std::index_sequence<i...>) {
    return call(fromRegister<Parameters>(registers[i])...);
  }
  (std::index_sequence_for<Parameters...>());
  __atomic_signal_fence(__ATOMIC_SEQ_CST);
  __atomic_store_n(&isInCall, false, __ATOMIC_RELAXED);
  if (__atomic_load_n(&hasLateSignal, __ATOMIC_RELAXED)) [[unlikely]]
    deliverLateSignals();
  return result;
}

/// Says on the console, the first time (`said`), that a call does not do what
/// its argument asks for. The linker calls it, too, in what it writes for a
/// call that nothing implements.
extern "C" void __ampoule_refused(const char *call, unsigned long argument,
                                  bool *said);

enum Errno : long {
  kNoEntry = 2,
  kInterrupted = 4,
  kBadDescriptor = 9,
  kTryAgain = 11,
  kOutOfMemory = 12,
  kAccess = 13,
  kFault = 14,
  kExists = 17,
  kNoDevice = 19,
  kNotDirectory = 20,
  kIsDirectory = 21,
  kInvalid = 22,
  kTooManyFiles = 24,
  kNotTerminal = 25,
  kIllegalSeek = 29,
  kReadOnly = 30,
  kRange = 34,
  kNameTooLong = 36,
  kNoSuchCall = 38,
  kTimedOut = 110,
};

struct TimeSpec {
  std::int64_t seconds;
  std::int64_t nanoseconds;
};

inline constexpr std::uint64_t kNanosecondsPerSecond = 1'000'000'000;

} // namespace ampoule::posix
