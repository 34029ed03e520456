// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The first time that a system call is refused the console says which, with
// what argument and from where; `ampoule run` puts names to the addresses:
//
//   ampoule: refused: ioctl, argument 0x541b
//     by 0x0000000000102345
#include "libos/panic/panic.h"
#include "libos/posix/posix.h"

extern "C" void __ampoule_refused(const char *call, unsigned long argument,
                                  bool *said) {
  if (*said)
    return;
  *said = true;
  ampoule::panic::reportRefusal(call, argument, __builtin_frame_address(0));
}
