// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The bounds of musl's cancellable system call, which an image does not have:
// its calls are plain functions. pthread_cancel() compares with them.
#include "features.h"

hidden const char __cp_begin[1], __cp_end[1], __cp_cancel[1];
