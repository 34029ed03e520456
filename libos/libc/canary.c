// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Of musl's src/env/__stack_chk_fail.c, the secret; what happens to a smashed stack
// is the target's (libos/panic, libos/linux). Code generation refers to both.
#include <stdint.h>

#include "pthread_impl.h"

uintptr_t __stack_chk_guard;

__attribute__((no_stack_protector)) void __init_ssp(void *entropy) {
  // A string's end in it stops a text that runs over its buffer.
  uintptr_t secret = *(const uintptr_t *)entropy & ~(uintptr_t)0xff00;
  __stack_chk_guard = secret;
  // Native code may have been compiled for the guard in thread-local storage.
  __pthread_self()->canary = secret;
}
