// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "linker/Config.h"

#include <gtest/gtest.h>

using ampoule::linker::parseSize;

namespace {

std::uint64_t size(llvm::StringRef text, std::uint64_t unit = 1) {
  llvm::Expected<std::uint64_t> value = parseSize(text, unit);
  EXPECT_TRUE(bool(value)) << text.str();
  return value ? *value : 0;
}

bool refused(llvm::StringRef text, std::uint64_t unit = 1) {
  llvm::Expected<std::uint64_t> value = parseSize(text, unit);
  if (value)
    return false;
  llvm::consumeError(value.takeError());
  return true;
}

TEST(ParseSize, Units) {
  EXPECT_EQ(size("4096"), 4096u);
  EXPECT_EQ(size("64", 1 << 20), 64u << 20);
  EXPECT_EQ(size("64K", 1 << 20), 64u << 10);
  EXPECT_EQ(size("512M"), 512u << 20);
  EXPECT_EQ(size("2G"), 2ull << 30);
  EXPECT_EQ(size("1g"), 1ull << 30);
}

TEST(ParseSize, Refusals) {
  for (llvm::StringRef text : {"", "K", "-1", "1.5M", "12X", "1KK",
                               "99999999999999999999", "17179869184G"})
    EXPECT_TRUE(refused(text)) << text.str();
}

} // namespace
