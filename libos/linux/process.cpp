// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// How a process starts, with the host's system calls or with the library OS.
#include "libos/linux/process.h"

#include "libos/start/start.h"

using namespace ampoule;

namespace ampoule::process {

std::uint64_t auxiliary(const std::uint64_t *stack, std::uint64_t number) {
  const std::uint64_t *at = stack + stack[0] + 2;
  while (*at)
    ++at;
  for (++at; *at; at += 2)
    if (*at == number)
      return at[1];
  return 0;
}

const char *variable(const std::uint64_t *stack, const char *name) {
  std::size_t length = __builtin_strlen(name);
  for (const std::uint64_t *at = stack + stack[0] + 2; *at; ++at) {
    auto *entry = reinterpret_cast<const char *>(*at);
    if (__builtin_strncmp(entry, name, length) == 0 && entry[length] == '=')
      return entry + length + 1;
  }
  return nullptr;
}

abi::Handoff readStack(const std::uint64_t *stack) {
  abi::Handoff handoff = {};
  handoff.magic = abi::kHandoffMagic;
  handoff.mode = abi::Mode::Linux;
  handoff.initialStack = stack;
  handoff.entryTicks = __builtin_readcyclecounter();
  constexpr std::uint64_t kRandom = 25; // AT_RANDOM: 16 bytes
  if (std::uint64_t random = auxiliary(stack, kRandom))
    __builtin_memcpy(handoff.entropy, reinterpret_cast<const void *>(random),
                     sizeof(handoff.entropy));
  return handoff;
}

} // namespace ampoule::process

/// The host has its own way to say so: SIGILL.
void start::requireProcessor() {}

void start::announce(const abi::Handoff &, Tier) {}
Tier start::tierOf(const abi::Handoff &) { return Tier::Wx; }
void start::requireTier(Tier) {}

unsigned start::countWords(const abi::Handoff &) { return 0; }

start::Arguments start::readArguments(const abi::Handoff &handoff, char **) {
  auto count = static_cast<int>(handoff.initialStack[0]);
  auto **values = reinterpret_cast<char **>(
      const_cast<std::uint64_t *>(handoff.initialStack + 1));
  char **environment = values + count + 1, **kept = environment;
  for (char **entry = environment; *entry; ++entry)
    if (!setParameter(*entry))
      *kept++ = *entry;
  *kept = nullptr;
  return {count, values, environment};
}
