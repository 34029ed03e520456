// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What a terminal can be asked for (asm-generic/ioctls.h, termbits.h).
#pragma once

#include <cstdint>

namespace ampoule::posix {

enum TerminalRequest : unsigned long { // TCGETS, …
  kGetAttributes = 0x5401,
  kSetAttributes = 0x5402,
  kSetAttributesAfterOutput = 0x5403,
  kSetAttributesAndFlush = 0x5404,
  kSendBreak = 0x5409,
  kFlush = 0x540b,
  kGetGroup = 0x540f,
  kSetGroup = 0x5410,
  kGetWindowSize = 0x5413,
};

/// struct termios of the kernel.
struct Attributes {
  enum Input : std::uint32_t { kIgnoreReturn = 0x80, kReturnIsLine = 0x100 };
  enum Local : std::uint32_t {
    kSignals = 1,
    kCanonical = 2,
    kEcho = 8,
    kEchoErase = 0x10,
    kEchoLine = 0x40,
    kEchoControl = 0x200,
  };
  enum Character : unsigned { // VINTR, …
    kInterrupt = 0,
    kQuit = 1,
    kErase = 2,
    kKill = 3,
    kEnd = 4,
    kTime = 5,
    kLeast = 6,
    kEndOfLine = 11,
  };
  std::uint32_t input, output, control, local;
  std::uint8_t line;
  std::uint8_t characters[19];
};
static_assert(sizeof(Attributes) == 36);

} // namespace ampoule::posix
