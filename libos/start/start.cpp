// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// THE WALK of an image. Entered from xen-boot/entry: long mode, final page
// tables, boot stack, .bss zero, exceptions reported.
#include "libos/start/start.h"

#include "libos/abi/module.h"
#include "xen-boot/abi/handoff.h"

extern "C" {
int main(int argc, char **argv, char **envp);
[[noreturn]] void exit(int status);

void ampoule_start_libc(char **arguments, char **environment, void *entropy);
/// Written by linker/Start: the live modules' inits, needs first.
void ampoule_start_modules(const ampoule::abi::Handoff *);

extern void (*const __preinit_array_start[])(int, char **, char **);
extern void (*const __preinit_array_end[])(int, char **, char **);
extern void (*const __init_array_start[])(int, char **, char **);
extern void (*const __init_array_end[])(int, char **, char **);
}

using namespace ampoule;

static void runConstructors(const start::Arguments &args) {
  for (auto *f = __preinit_array_start; f != __preinit_array_end; ++f)
    (*f)(args.count, args.values, args.environment);
  for (auto *f = __init_array_start; f != __init_array_end; ++f)
    (*f)(args.count, args.values, args.environment);
}

extern "C" [[noreturn]] void ampouleStart(const abi::Handoff &handoff) {
  ampoule_start_modules(&handoff);
  start::Arguments args = start::readArguments(handoff);
  // Not secret: a canary against accidents until there is entropy.
  std::uint64_t canary = handoff.entryTicks * 0x9e3779b97f4a7c15;
  ampoule_start_libc(args.values, args.environment, &canary);
  runConstructors(args);
  exit(main(args.count, args.values, args.environment));
}

AMPOULE_MODULE(start, nullptr);
