// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// System calls. musl calls sys_<name>(a, b, c, d, e, f) with Linux's arguments;
// a negative result is an errno value of Linux (asm-generic/errno.h). What is
// not defined here gets a body that returns -ENOSYS from the linker.
#pragma once

#include "libos/abi/supports.h"
#include "libos/threads/call.h"

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

// Inlined at once, so that the optimiser sees constant arguments behind them.

template <typename Parameter>
[[gnu::always_inline]] inline Parameter fromRegister(long value) {
  if constexpr (std::is_pointer_v<Parameter>)
    return reinterpret_cast<Parameter>(value);
  else
    return static_cast<Parameter>(value);
}

template <typename... Parameters, std::size_t... i>
[[gnu::always_inline]] inline long invoke(long (*call)(Parameters...),
                                          const long (&registers)[6],
                                          std::index_sequence<i...>) {
  threads::beginCall();
  long result = call(fromRegister<Parameters>(registers[i])...);
  threads::endCall();
  return result;
}

template <typename... Parameters>
[[gnu::always_inline]] inline long invoke(long (*call)(Parameters...),
                                          const long (&registers)[6]) {
  return invoke(call, registers, std::index_sequence_for<Parameters...>());
}

/// Says on the console, the first time (`said`), that a call does not do what
/// its argument asks for. The linker calls it, too, in what it writes for a
/// call that nothing implements.
extern "C" void __ampoule_refused(const char *call, unsigned long argument,
                                  bool *said);

enum Errno : long {
  kNotPermitted = 1,
  kNoEntry = 2,
  kNoProcess = 3,
  kInterrupted = 4,
  kNoDeviceOrAddress = 6,
  kBadDescriptor = 9,
  kNoChild = 10,
  kTryAgain = 11,
  kOutOfMemory = 12,
  kAccess = 13,
  kFault = 14,
  kBusy = 16,
  kExists = 17,
  kOtherDevice = 18,
  kNoDevice = 19,
  kNotDirectory = 20,
  kIsDirectory = 21,
  kInvalid = 22,
  kTooManyFiles = 24,
  kNotTerminal = 25,
  kFileTooLarge = 27,
  kNoSpace = 28,
  kIllegalSeek = 29,
  kReadOnly = 30,
  kTooManyLinks = 31,
  kBrokenPipe = 32,
  kRange = 34,
  kNameTooLong = 36,
  kNoSuchCall = 38,
  kNotEmpty = 39,
  kLoop = 40,
  kNotSocket = 88,
  kNoDestination = 89,
  kMessageTooLong = 90,
  kWrongProtocolType = 91,
  kNoProtocolOption = 92,
  kNoProtocol = 93,
  kNoSocketType = 94,
  kNotSupported = 95,
  kNoFamily = 97,
  kAddressInUse = 98,
  kNoAddress = 99,
  kNetworkUnreachable = 101,
  kConnectionAborted = 103,
  kConnectionReset = 104,
  kNoBuffers = 105,
  kIsConnected = 106,
  kNotConnected = 107,
  kTimedOut = 110,
  kConnectionRefused = 111,
  kHostUnreachable = 113,
  kAlready = 114,
  kInProgress = 115,
};

struct TimeSpec {
  std::int64_t seconds;
  std::int64_t nanoseconds;
};

inline constexpr std::uint64_t kNanosecondsPerSecond = 1'000'000'000;

inline bool isValid(const TimeSpec &time) {
  return time.seconds >= 0 && time.nanoseconds >= 0 &&
         time.nanoseconds < static_cast<long>(kNanosecondsPerSecond);
}

/// A valid time; what is too long to count is for ever, some 584 years.
inline std::uint64_t nanoseconds(const TimeSpec &time) {
  std::uint64_t result;
  if (__builtin_mul_overflow(static_cast<std::uint64_t>(time.seconds),
                             kNanosecondsPerSecond, &result) ||
      __builtin_add_overflow(
          result, static_cast<std::uint64_t>(time.nanoseconds), &result))
    return ~0ull;
  return result;
}

/// Without overflow: a duration may be for ever.
inline std::uint64_t later(std::uint64_t time, std::uint64_t duration) {
  std::uint64_t result;
  return __builtin_add_overflow(time, duration, &result) ? ~0ull : result;
}

} // namespace ampoule::posix
