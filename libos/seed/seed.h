// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The secret of a boot: what canaries, malloc's checks and random numbers begin with.
// Boot's entropy, mixed with a text from xenstore: data/ampoule/seed, which a
// toolstack may write before the domain runs and which is overwritten here, or else
// `vm`, which has the UUID that the toolstack draws for each domain (xl.cfg(5), uuid).
#pragma once

#include <bit>
#include <cstdint>

namespace ampoule::seed {

struct Secret {
  std::uint64_t words[2];

  /// Rounds of Feistel's: whatever the text, what was there can be had back, so
  /// none of it is lost. The zero at the end is a round, too.
  constexpr void mix(const char *text) {
    do {
      std::uint64_t byte = static_cast<unsigned char>(*text);
      std::uint64_t next =
          words[1] + std::rotl((words[0] ^ byte) * 0x9e3779b97f4a7c15, 29);
      words[1] = words[0];
      words[0] = next;
    } while (*text++);
  }
};

/// Complete when the module is initialised.
extern Secret secret;

} // namespace ampoule::seed
