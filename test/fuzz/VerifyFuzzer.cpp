// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// libFuzzer over verifyImage: it must end, without reading past the file, on any
// file; and what it accepts must hold. Inputs are changed in place, eight bytes
// at a time, where images have their structure: inserted bytes would only ever
// show that nothing is where it was.
#include "xen-boot/image/Verify.h"

#include "llvm/Support/Endian.h"
#include "llvm/Support/raw_ostream.h"
#include <cstdlib>
#include <random>
#include <set>

using namespace ampoule::image;

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t *, std::size_t,
                                        std::size_t);

namespace {

/// Rules that some input broke, to be told at the end.
std::set<std::string> brokenRules;

void printRules() {
  llvm::errs() << "rules that were broken: " << brokenRules.size() << '\n';
}

/// The next word from `at` on that is an entry of a page table: present and
/// accessed, of an address below 4 GiB.
std::size_t findEntry(llvm::ArrayRef<std::uint8_t> data, std::size_t at) {
  for (std::size_t tries = data.size() / 8; tries != 0; --tries) {
    at = at / 8 * 8 + 16 <= data.size() ? at / 8 * 8 + 8 : 0;
    std::uint64_t word = llvm::support::endian::read64le(&data[at]);
    if ((word & 0x21) == 0x21 && (word >> 32 & 0x7fffffff) == 0)
      break;
  }
  return at;
}

void require(bool holds, const char *what) {
  if (holds)
    return;
  llvm::errs() << "accepted: " << what << '\n';
  std::abort();
}

} // namespace

extern "C" int LLVMFuzzerInitialize(int *, char ***) {
  std::atexit(printRules);
  return 0;
}

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t *data,
                                               std::size_t size,
                                               std::size_t most,
                                               unsigned seed) {
  constexpr std::size_t kWord = 8, kHeaders = 1024;
  std::minstd_rand random(seed);
  if (size < kHeaders || random() % 16 == 0)
    return LLVMFuzzerMutate(data, size, most);
  std::size_t at = random() % (size - kWord);
  switch (random() % 3) {
  case 0:
    at %= kHeaders - kWord;
    break;
  case 1: { // one bit of an entry of a table
    at = findEntry({data, size}, at);
    unsigned bit = random() % 64;
    data[at + bit / 8] ^= 1 << bit % 8;
    return size;
  }
  }
  LLVMFuzzerMutate(data + at, kWord, kWord);
  return size;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data,
                                      std::size_t size) {
  Verification result =
      verifyImage({reinterpret_cast<const char *>(data), size});
  for (const Violation &violation : result.violations)
    brokenRules.insert(violation.rule.str());
  if (!result.violations.empty())
    return 0;
  bool isSealedCode = false;
  for (const Mapping &mapping : result.mappings) {
    require(!mapping.access.write || !mapping.access.execute,
            "a mapping is writable and executable");
    require(mapping.address != 0, "page 0 is mapped");
    require(!mapping.access.write || result.root < mapping.physical ||
                result.root >= mapping.physical + mapping.size,
            "the root table is writable");
    isSealedCode |= mapping.access.execute && mapping.address == result.sealed;
  }
  require(isSealedCode, "nothing begins behind the door");
  return 0;
}
