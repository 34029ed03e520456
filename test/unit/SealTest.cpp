// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "linker/Seal.h"

#include "llvm/Support/Endian.h"
#include <gtest/gtest.h>

using namespace ampoule;
using ampoule::linker::SealedLayout;

namespace {

constexpr std::uint64_t kText = 0x401000, kStep = 0x10, kData = 0x402000;
constexpr unsigned kFunctions = 40;

/// Of two digits: they lie in the order of their names.
std::string function(unsigned index) {
  return "f" + std::to_string(10 + index);
}

image::Linked fortyFunctions() {
  image::Linked linked;
  for (unsigned i = 0; i != kFunctions; ++i)
    linked.symbols[function(i)] = kText + i * kStep;
  // The fourth has two names.
  linked.symbols["same"] = kText + 3 * kStep;
  linked.symbols["__ampoule_text_start"] = kText;
  linked.symbols["__ampoule_text_end"] = kText + kFunctions * kStep;
  linked.symbols["__ampoule_rodata_start"] = kData;
  linked.symbols["__ampoule_data_end"] = kData + 0x2000;
  linked.regions.push_back({.name = "text",
                            .address = kText,
                            .size = kFunctions * kStep,
                            .access = {},
                            .bytes = std::vector<std::uint8_t>(
                                kFunctions * kStep, 0x90)});
  return linked;
}

/// "movl $address, %edx" at the beginning of a function.
void refer(image::Linked &linked, unsigned index, std::uint32_t address) {
  std::uint8_t *code = &linked.regions[0].bytes[index * kStep];
  code[0] = 0xba;
  llvm::support::endian::write32le(code + 1, address);
}

image::Violation in(unsigned index, unsigned offset = 1) {
  return {image::kInstructionRule, kText + index * kStep + offset, "sysret"};
}

std::ptrdiff_t placeOf(const SealedLayout &layout, llvm::StringRef name) {
  const std::vector<std::string> &order = layout.placement().functions;
  return llvm::find(order, name) - order.begin();
}

TEST(SealedLayout, GoodIsLeft) {
  SealedLayout layout;
  EXPECT_FALSE(layout.improve({}, fortyFunctions()));
  EXPECT_TRUE(layout.placement().functions.empty());
}

TEST(SealedLayout, AFunctionAndItsNeighboursMove) {
  SealedLayout layout;
  EXPECT_TRUE(layout.improve({in(20)}, fortyFunctions()));
  EXPECT_EQ(layout.placement().functions.size(), kFunctions + 2u);
  EXPECT_EQ(placeOf(layout, "f29"), 21);
  EXPECT_EQ(placeOf(layout, "f31"), 22);
  EXPECT_EQ(placeOf(layout, "f38"), 29);
  EXPECT_EQ(placeOf(layout, "f30"), 30);
  EXPECT_EQ(placeOf(layout, "f39"), 31);
  EXPECT_EQ(layout.placement().dataPadding, 0u);
  // Another time, to the other side, and further.
  EXPECT_TRUE(layout.improve({in(20)}, fortyFunctions()));
  EXPECT_EQ(placeOf(layout, "f30"), 6);
  EXPECT_EQ(placeOf(layout, "f14"), 7);
  EXPECT_EQ(placeOf(layout, "f31"), 23);
}

TEST(SealedLayout, NothingMovesBeyondTheEnds) {
  SealedLayout layout;
  EXPECT_TRUE(layout.improve({in(39)}, fortyFunctions()));
  EXPECT_EQ(placeOf(layout, "f49"), 41);
  EXPECT_TRUE(layout.improve({in(2), in(39)}, fortyFunctions()));
  EXPECT_EQ(placeOf(layout, "f12"), 12);
  EXPECT_TRUE(layout.improve({in(2)}, fortyFunctions()));
  EXPECT_EQ(placeOf(layout, "f12"), 0);
}

TEST(SealedLayout, WhatAnAbsoluteAddressNamesMoves) {
  for (unsigned offset : {0u, 1u, 2u, 4u}) {
    SealedLayout layout;
    image::Linked linked = fortyFunctions();
    refer(linked, 20, kText + 4 * kStep);
    EXPECT_TRUE(layout.improve({in(20, offset)}, linked));
    EXPECT_EQ(placeOf(layout, "f30"), 22);
    EXPECT_EQ(placeOf(layout, "f14"), 14);
    EXPECT_EQ(layout.placement().dataPadding, 0u);
  }
  // Not what only lies in a function, or is named elsewhere.
  for (auto [address, offset] :
       {std::pair(kText + 4 * kStep + 1, 1u), {kText + 4 * kStep, 6u}}) {
    SealedLayout layout;
    image::Linked linked = fortyFunctions();
    refer(linked, 20, address);
    EXPECT_TRUE(layout.improve({in(20, offset)}, linked));
    EXPECT_EQ(placeOf(layout, "f30"), 30);
  }
}

// The first function stays; what it calls moves.
TEST(SealedLayout, WhatTheFirstCallsMoves) {
  for (unsigned offset : {1u, 2u}) {
    SealedLayout layout;
    image::Linked linked = fortyFunctions();
    std::uint8_t *code = linked.regions[0].bytes.data();
    code[0] = 0xe8;
    llvm::support::endian::write32le(code + 1, 25 * kStep - 5);
    EXPECT_TRUE(layout.improve({in(0, offset)}, linked));
    EXPECT_EQ(placeOf(layout, "f10"), 1);
    EXPECT_EQ(placeOf(layout, "f35"), 35);
    EXPECT_EQ(placeOf(layout, "f36"), 27);
  }
}

// A function of many calls stays where it is; what it calls moves.
TEST(SealedLayout, WhatAFunctionOfManyCallsCallsMoves) {
  constexpr unsigned kCallSize = 5;
  image::Linked linked = fortyFunctions();
  std::uint8_t *code = &linked.regions[0].bytes[20 * kStep];
  for (unsigned i = 0; i != 3; ++i) {
    code[i * kCallSize] = 0xe8;
    llvm::support::endian::write32le(
        code + i * kCallSize + 1,
        std::uint32_t((5 + i) * kStep - (20 * kStep + (i + 1) * kCallSize)));
  }
  SealedLayout layout;
  EXPECT_TRUE(layout.improve({in(20, kCallSize + 1)}, linked));
  EXPECT_EQ(placeOf(layout, "f30"), 22);
  EXPECT_EQ(placeOf(layout, "f17"), 8);
  EXPECT_EQ(placeOf(layout, "f16"), 16);
}

TEST(SealedLayout, DataMove) {
  SealedLayout layout;
  image::Linked linked = fortyFunctions();
  linked.symbols["text"] = kData + 0x70f;
  refer(linked, 20, kData + 0x70f);
  for (unsigned round = 1; round <= 10; ++round) {
    EXPECT_TRUE(layout.improve({in(20)}, linked));
    EXPECT_EQ(layout.placement().dataPadding, round);
    EXPECT_EQ(placeOf(layout, "f30"), 22);
  }
  EXPECT_FALSE(layout.improve({in(20)}, linked));
}

// It may be the distance to something.
TEST(SealedLayout, WhatMayBeADatumIsOneInTheEnd) {
  SealedLayout layout;
  image::Linked linked = fortyFunctions();
  refer(linked, 20, kData + 0x70f);
  for (unsigned round = 0; round != 5; ++round) {
    EXPECT_TRUE(layout.improve({in(20)}, linked));
    EXPECT_EQ(layout.placement().dataPadding, 0u);
    EXPECT_NE(placeOf(layout, "f30"), 22);
  }
  EXPECT_TRUE(layout.improve({in(20)}, linked));
  EXPECT_EQ(layout.placement().dataPadding, 1u);
  EXPECT_EQ(placeOf(layout, "f30"), 22);
}

// What the program itself says stays where it is moved to.
TEST(SealedLayout, GivesUp) {
  SealedLayout layout;
  unsigned rounds = 0;
  while (layout.improve({in(20)}, fortyFunctions()))
    ASSERT_LT(++rounds, 100u);
  EXPECT_EQ(rounds, 16u);
  // Another's is not given up with it.
  EXPECT_TRUE(layout.improve({in(20), in(21)}, fortyFunctions()));
}

TEST(SealedLayout, HypercallSitesAreMeant) {
  SealedLayout layout;
  image::Linked linked = fortyFunctions();
  linked.symbols["ampoule_hypercall"] = kText + kFunctions * kStep - 1;
  EXPECT_FALSE(layout.improve({in(39, 15)}, linked));
}

} // namespace
