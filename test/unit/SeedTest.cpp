// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "libos/seed/seed.h"

#include "gtest/gtest.h"

#include <cstdio>
#include <set>

using ampoule::seed::Secret;

namespace {

TEST(Seed, TextChangesBothWords) {
  std::set<std::uint64_t> first, second;
  constexpr int kCount = 100'000;
  for (int i = 0; i < kCount; ++i) {
    char uuid[48];
    std::snprintf(uuid, sizeof(uuid), "/vm/%08x-0000-4000-8000-%012x", i, i);
    Secret secret = {{1, 2}};
    secret.mix(uuid);
    first.insert(secret.words[0]);
    second.insert(secret.words[1]);
  }
  EXPECT_EQ(first.size(), std::size_t{kCount});
  EXPECT_EQ(second.size(), std::size_t{kCount});
}

TEST(Seed, TextTakesNothingAway) {
  std::set<std::uint64_t> first, second;
  constexpr std::uint64_t kCount = 100'000;
  for (std::uint64_t i = 0; i < kCount; ++i) {
    Secret secret = {{i, i << 40}};
    secret.mix("all the same");
    first.insert(secret.words[0]);
    second.insert(secret.words[1]);
  }
  EXPECT_EQ(first.size(), kCount);
  EXPECT_EQ(second.size(), kCount);
}

} // namespace
