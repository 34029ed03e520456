// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// THE WALK of an image. Entered from xen-boot/entry: long mode, final page
// tables, boot stack, .bss zero, exceptions reported.
#include "libos/start/start.h"

#include "libos/abi/module.h"
#include "libos/seed/seed.h"
#include "xen-boot/abi/handoff.h"

extern "C" {
int main(int argc, char **argv, char **envp);
[[noreturn]] void exit(int status);

/// musl without its start code (libos/libc/start.c).
void ampoule_start_libc(char **arguments, char **environment,
                        const ampoule::seed::Secret *secret);
/// Written by linker/Start: the live modules' inits, needs first.
void ampoule_start_modules(const ampoule::abi::Handoff *);

extern void (*const __preinit_array_start[])(int, char **, char **);
extern void (*const __preinit_array_end[])(int, char **, char **);
extern void (*const __init_array_start[])(int, char **, char **);
extern void (*const __init_array_end[])(int, char **, char **);
}

using namespace ampoule;

/// The tables are read-only, and functions in them have any type.
[[clang::no_sanitize("kcfi")]]
static void runConstructors(const start::Arguments &args) {
  for (auto *f = __preinit_array_start; f != __preinit_array_end; ++f)
    (*f)(args.count, args.values, args.environment);
  for (auto *f = __init_array_start; f != __init_array_end; ++f)
    (*f)(args.count, args.values, args.environment);
}

/// Time stamp counter at the first instruction, for programs that measure
/// (bench/programs/start.cpp); gone when none does.
extern "C" {
constinit std::uint64_t ampoule_entry_ticks = 0;
/// ampoule/seal.h; likewise.
constinit Tier ampoule_tier = Tier::Wx;
}

extern "C" [[noreturn]] void ampouleStart(const abi::Handoff &handoff) {
  ampoule_entry_ticks = handoff.entryTicks;
  ampoule_start_modules(&handoff);
  start::requireProcessor();
  // This function does not return, so its stack is as good as static memory.
  auto **words = static_cast<char **>(
      __builtin_alloca(start::countWords(handoff) * sizeof(char *)));
  start::Arguments args = start::readArguments(handoff, words);
  ampoule_tier = start::tierOf(handoff);
  start::announce(handoff, ampoule_tier);
  start::requireTier(ampoule_tier);
  ampoule_start_libc(args.values, args.environment,
                     &seed::secret);
  runConstructors(args);
  exit(main(args.count, args.values, args.environment));
}

AMPOULE_MODULE(start, nullptr, seed);
