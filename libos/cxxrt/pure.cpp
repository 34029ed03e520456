// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// For programs in C, which are linked without libc++abi: the library OS has
// classes with pure virtual functions. In C++ libc++abi's is found first.
extern "C" [[noreturn]] void __cxa_pure_virtual() { __builtin_trap(); }
