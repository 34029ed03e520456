// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the C++ ABI expects from start-up files (crtbegin.o elsewhere). The rest
// comes from libc++abi, libunwind and musl.
#include "libos/abi/module.h"

/// Says to __cxa_atexit which object a destructor belongs to (Itanium C++ ABI,
/// section 3.3.5). An image is one object.
extern "C" {
extern const void *const __dso_handle;
constinit const void *const __dso_handle = nullptr;
}

AMPOULE_MODULE(cxxrt, nullptr);
