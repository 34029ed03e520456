// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What a system call that does many things can do. The linker reads it, takes
// it out of the program, and tells at the link of a call with another argument.
#pragma once

namespace ampoule::abi {

struct Supports {
  int argument; ///< which one, from 0
  const char *what;
  int count;
  long values[32];
};

} // namespace ampoule::abi

/// AMPOULE_SUPPORTS(fcntl, 1, "command", 0, 1), at file scope: the argument 1
/// of sys_fcntl, a command, may be 0 or 1.
#define AMPOULE_SUPPORTS(call, argument, what, ...)                            \
  extern "C" constinit const ::ampoule::abi::Supports                          \
      __ampoule_supports_##call = {                                            \
          argument,                                                            \
          what,                                                                \
          static_cast<int>(sizeof((long[]){__VA_ARGS__}) / sizeof(long)),      \
          {__VA_ARGS__}}
