// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The end of a call that a check refused. Only a link with --ampoule-hardened has it
// (linker/CallChecks.cpp).
#include "libos/panic/panic.h"

extern "C" [[noreturn]] void ampoule_call_check_failed() {
  ampoule::panic::panic(
      "control-flow integrity: not a function of the type that is called");
}
