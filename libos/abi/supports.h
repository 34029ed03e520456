// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What a system call that does many things can do. The linker reads it, takes
// it out of the program, and tells at the link of a call with another argument.
#pragma once

#include <initializer_list>

namespace ampoule::abi {

struct Supports {
  int argument;        ///< which one, from 0
  int selector;        ///< which argument says of what it is
  const char *what;    ///< what the argument is called
  const char *selects; ///< what the selector is called; "": there is none
  int count;
  long values[64]; ///< the selector's in the upper half
};

/// What goes with one value of the selector.
struct Selected {
  long selector;
  std::initializer_list<long> values;
};

consteval Supports supportsEach(int argument, const char *what, int selector,
                                const char *selects,
                                std::initializer_list<Selected> all) {
  Supports supports = {argument, selector, what, selects, 0, {}};
  for (const Selected &each : all)
    for (long value : each.values)
      supports.values[supports.count++] = each.selector << 32 | value;
  return supports;
}

} // namespace ampoule::abi

/// AMPOULE_SUPPORTS(fcntl, 1, "command", 0, 1), at file scope: the argument 1
/// of sys_fcntl, a command, may be 0 or 1.
#define AMPOULE_SUPPORTS(call, argument, what, ...)                            \
  AMPOULE_SUPPORTS_EACH(call, argument, what, 0, "", {0, {__VA_ARGS__}})

/// The same where what an argument means depends on another, the selector:
/// AMPOULE_SUPPORTS_EACH(setsockopt, 2, "option", 1, "level", {1, {2, 3}}).
#define AMPOULE_SUPPORTS_EACH(call, argument, what, selector, selects, ...)    \
  extern "C" constinit const ::ampoule::abi::Supports                          \
      __ampoule_supports_##call = ::ampoule::abi::supportsEach(                \
          argument, what, selector, selects, {__VA_ARGS__})
