// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// As libos/panic/calls.cpp.
#include "libos/console/console.h"

extern "C" [[noreturn]] void ampoule_call_check_failed() {
  constexpr char kText[] = "ampoule: panic: control-flow integrity: not a function "
                           "of the type that is called\n";
  ampoule::console::write(kText, sizeof(kText) - 1);
  __builtin_trap();
}
