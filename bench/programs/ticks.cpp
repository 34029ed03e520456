// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Linked beside a program, prints the ticks from the image's first instruction to
// the program's end.
#include <cstdio>
#include <x86intrin.h>
extern "C" unsigned long ampoule_entry_ticks;
[[gnu::destructor]] static void print() {
  unsigned long now = __rdtsc();
  std::printf("%lu\n", now - ampoule_entry_ticks);
}
