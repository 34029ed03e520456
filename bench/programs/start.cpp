// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Prints the ticks from the image's first instruction to main.
#include <cstdio>
#include <x86intrin.h>
extern "C" unsigned long ampoule_entry_ticks;
int main() {
  unsigned long now = __rdtsc();
  std::printf("%lu\n", now - ampoule_entry_ticks);
}
