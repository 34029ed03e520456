// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// System calls. musl calls sys_<name>(a, b, c, d, e, f) with Linux's arguments;
// a negative result is an errno value of Linux (asm-generic/errno.h). What is
// not defined here gets a body that returns -ENOSYS from the linker.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

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

template <typename... Parameters>
long invoke(long (*call)(Parameters...), const long (&registers)[6]) {
  return [&]<std::size_t... i>(std::index_sequence<i...>) {
    return call(fromRegister<Parameters>(registers[i])...);
  }(std::index_sequence_for<Parameters...>());
}

enum Errno : long {
  kNoEntry = 2,
  kBadDescriptor = 9,
  kTryAgain = 11,
  kOutOfMemory = 12,
  kAccess = 13,
  kInvalid = 22,
  kNotTerminal = 25,
  kIllegalSeek = 29,
  kNoSuchCall = 38,
  kTimedOut = 110,
};

struct TimeSpec {
  std::int64_t seconds;
  std::int64_t nanoseconds;
};

inline constexpr std::uint64_t kNanosecondsPerSecond = 1'000'000'000;

inline bool isConsole(long fd) { return fd >= 0 && fd <= 2; }

} // namespace ampoule::posix
