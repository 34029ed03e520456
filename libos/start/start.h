// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The command line as the program gets it.
#pragma once

#include "libos/include/ampoule/seal.h"

namespace ampoule::abi {
struct Handoff;
}

namespace ampoule::start {

struct Arguments {
  int count;
  char **values;      ///< argv; ends with null
  char **environment; ///< envp; ends with null
};

/// Splits the command line in words. Words are separated by spaces; within
/// double quotes a space is part of the word, and backslash takes the next
/// character as it is. (The Linux target takes what the kernel passes.)
///
///   [NAME=VALUE ...] -- ARGV0 [ARG ...]
///   [ampoule.NAME=VALUE ...] ARG ...           (ARGV0 is "ampoule")
///
/// Parameters are set, and not among the result. `words` has room for
/// countWords() pointers.
Arguments readArguments(const abi::Handoff &handoff, char **words);

/// Sets the program's parameter (ampoule/parameter.h) that ampoule.NAME=VALUE
/// names; false: the word is something else. A parameter that the image does
/// not have, or a value that does not fit, ends it with status 64.
bool setParameter(const char *word);

Tier tierOf(const abi::Handoff &handoff);
const char *nameOf(Tier tier);

/// When the image was linked for a higher tier: ends it.
inline constexpr int kUnavailableStatus = 69; // sysexits.h, EX_UNAVAILABLE
void requireTier(Tier tier);

/// Tells of the start, if the configuration wants to hear of it: the console, and
/// data/ampoule/tier in xenstore; there also if it asks for a tier.
void announce(const abi::Handoff &handoff, Tier tier);

/// Panics when the processor is not what the program was compiled for.
void requireProcessor();

/// How many pointers readArguments may write.
unsigned countWords(const abi::Handoff &handoff);

} // namespace ampoule::start
