// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the linker says of a frame is what libunwind reads.
#include "linker/UnwindInfo.h"

#include "config.h"

#include "CompactUnwinder.hpp"
#include "gtest/gtest.h"

using namespace ampoule::linker;
using namespace llvm;
using dwarf::UnwindLocation;

namespace {

constexpr unsigned kRbx = 3, kRbp = 6, kRsp = 7, kReturnAddress = 16;
constexpr unsigned kSaved[] = {kRbp, kRbx, 12, 13, 14, 15};
constexpr std::uint64_t kCfa = 0x10000;

/// A stack where each word is its own address.
struct Stack {
  using pint_t = std::uint64_t;
  std::uint64_t get64(std::uint64_t address) const { return address; }
  std::uint32_t get32(std::uint64_t) const { abort(); }
};

dwarf::UnwindRow rowOf(unsigned cfaRegister, int cfaOffset,
                       ArrayRef<std::pair<unsigned, int>> saved) {
  dwarf::UnwindRow row;
  row.getCFAValue() =
      UnwindLocation::createIsRegisterPlusOffset(cfaRegister, cfaOffset);
  row.getRegisterLocations().setRegisterLocation(
      kReturnAddress, UnwindLocation::createAtCFAPlusOffset(-8));
  for (auto [place, offset] : saved)
    row.getRegisterLocations().setRegisterLocation(
        place, UnwindLocation::createAtCFAPlusOffset(offset));
  return row;
}

/// The caller's registers, by libunwind, are as the row says.
void expectSame(unsigned cfaRegister, int cfaOffset,
                ArrayRef<std::pair<unsigned, int>> saved) {
  std::optional<std::uint32_t> encoding =
      encodeFrame(rowOf(cfaRegister, cfaOffset, saved));
  ASSERT_TRUE(encoding);
  libunwind::Registers_x86_64 registers;
  for (unsigned place : kSaved)
    registers.setRegister(place, place);
  registers.setRegister(cfaRegister, kCfa - cfaOffset);
  Stack stack;
  libunwind::CompactUnwinder_x86_64<Stack>::stepWithCompactEncoding(
      *encoding, /*functionStart=*/0, stack, registers);
  EXPECT_EQ(registers.getIP(), kCfa - 8);
  EXPECT_EQ(registers.getSP(), kCfa);
  for (unsigned place : kSaved) {
    const auto *it = find_if(saved, [&](const auto &entry) {
      return entry.first == place;
    });
    std::uint64_t expected = it == saved.end() ? place : kCfa + it->second;
    EXPECT_EQ(registers.getRegister(place), expected) << "register " << place;
  }
}

// Every choice of registers, in every order.
TEST(UnwindInfo, PushedRegisters) {
  std::vector<std::pair<unsigned, int>> saved;
  unsigned count = 0;
  auto extend = [&](auto &self) -> void {
    int least = 8 + 8 * saved.size();
    for (int cfaOffset : {least, least + 8, least + 16, 255 * 8}) {
      expectSame(kRsp, cfaOffset, saved);
      ++count;
    }
    for (unsigned place : kSaved) {
      if (any_of(saved, [&](const auto &entry) { return entry.first == place; }))
        continue;
      saved.emplace_back(place, -16 - 8 * static_cast<int>(saved.size()));
      self(self);
      saved.pop_back();
    }
  };
  extend(extend);
  EXPECT_EQ(count, 4 * 1957u);
}

// Anywhere below the frame pointer, five places apart at most.
TEST(UnwindInfo, FramePointers) {
  constexpr unsigned kPlaces = 5, kRegisters = 6; // one says: none
  unsigned choices = 1;
  for (unsigned i = 0; i != kPlaces; ++i)
    choices *= kRegisters;
  for (unsigned choice = 0; choice != choices; ++choice)
    for (int distance : {0, 1, 30, 250}) {
      std::vector<std::pair<unsigned, int>> saved = {{kRbp, -16}};
      bool isTwice = false;
      for (unsigned i = 0, rest = choice; i != kPlaces; ++i, rest /= kRegisters) {
        if (rest % kRegisters == 0)
          continue;
        unsigned place = kSaved[rest % kRegisters];
        isTwice |= any_of(saved, [&](const auto &entry) {
          return entry.first == place;
        });
        saved.emplace_back(place, -24 - 8 * (static_cast<int>(i) + distance));
      }
      if (!isTwice)
        expectSame(kRbp, 16, saved);
    }
}

TEST(UnwindInfo, NoEncoding) {
  constexpr unsigned kRax = 0;
  // More stack than eight bits of words.
  EXPECT_FALSE(encodeFrame(rowOf(kRsp, 256 * 8, {})));
  EXPECT_FALSE(encodeFrame(rowOf(kRsp, 12, {})));
  // A gap between two that were pushed, and one that no function saves.
  EXPECT_FALSE(encodeFrame(rowOf(kRsp, 64, {{kRbx, -24}})));
  EXPECT_FALSE(encodeFrame(rowOf(kRsp, 64, {{kRax, -16}})));
  // Another register that leads to the frame, or a frame pointer that does not lead to
  // that of the caller.
  EXPECT_FALSE(encodeFrame(rowOf(kRbx, 16, {})));
  EXPECT_FALSE(encodeFrame(rowOf(kRbp, 24, {{kRbp, -24}})));
  EXPECT_FALSE(encodeFrame(rowOf(kRbp, 16, {})));
  EXPECT_FALSE(encodeFrame(rowOf(kRbp, 16, {{kRbx, -16}})));
  // Six places apart, or too far away.
  EXPECT_FALSE(
      encodeFrame(rowOf(kRbp, 16, {{kRbp, -16}, {kRbx, -24}, {12, -64}})));
  EXPECT_FALSE(
      encodeFrame(rowOf(kRbp, 16, {{kRbp, -16}, {kRbx, -16 - 8 * 256}})));
}

} // namespace
