// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "libos/random/random.h"

#include "libos/abi/module.h"
#include "libos/panic/panic.h"
#include "libos/seed/seed.h"
#include "libos/xen/random.h"

using namespace ampoule;

/// Of arc4random.c.
extern "C" void ampoule_random_fill(void *buffer, std::size_t size);

namespace {

/// What moves of a counter of cycles while it is read: a little, and not the same
/// twice. Never counted on alone.
std::uint64_t jitter() {
  constexpr unsigned kReads = 64, kTurn = 7;
  std::uint64_t word = 0;
  for (unsigned i = 0; i < kReads; ++i)
    word = (word << kTurn | word >> (64 - kTurn)) ^ __builtin_ia32_rdtsc();
  return word;
}

} // namespace

/// Everything there is, mixed: what one source lets guess, the others do not.
extern "C" int ampoule_gather_entropy(void *buffer, std::size_t size) {
  for (std::size_t done = 0; done < size;) {
    std::uint64_t word;
    if (!xen::makeSeed(word) && !xen::makeRandom(word))
      return -1;
    word ^= seed::secret.words[done / sizeof(word) % 2] ^ jitter();
    std::size_t part =
        size - done < sizeof(word) ? size - done : sizeof(word);
    __builtin_memcpy(static_cast<char *>(buffer) + done, &word, part);
    done += part;
  }
  return 0;
}

extern "C" [[noreturn]] void ampoule_no_entropy() {
  panic::panic("the processor makes no random numbers any more");
}

namespace ampoule::random {

bool isAvailable() { return xen::canMakeRandom() || xen::canMakeSeed(); }

void fill(void *buffer, std::size_t size) { ampoule_random_fill(buffer, size); }

} // namespace ampoule::random

AMPOULE_MODULE(random, nullptr, panic, seed);
