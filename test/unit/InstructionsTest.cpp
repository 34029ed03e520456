// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "xen-boot/image/Instructions.h"

#include <gtest/gtest.h>

using ampoule::image::findPrivileged;
using ampoule::image::Instruction;

namespace {

/// The name of what begins at the first byte, or nothing.
std::string first(std::vector<std::uint8_t> code) {
  std::vector<Instruction> found = findPrivileged(code, 0x1000);
  if (found.empty() || found[0].address != 0x1000)
    return "";
  return found[0].name.str();
}

TEST(FindPrivileged, Each) {
  const std::pair<std::vector<std::uint8_t>, const char *> kCases[] = {
      {{0x0f, 0x22, 0xd8}, "mov to control register"},
      {{0x0f, 0x30, 0x90}, "wrmsr"},
      {{0x0f, 0x01, 0xd1}, "xsetbv"},
      {{0x0f, 0x01, 0x15}, "lgdt"},
      {{0x0f, 0x01, 0x1d}, "lidt"},
      {{0x0f, 0x01, 0xf0}, "lmsw"},
      {{0x0f, 0x01, 0x30}, "lmsw"},
      {{0x0f, 0x00, 0xd0}, "lldt"},
      {{0x0f, 0x00, 0x18}, "ltr"},
      {{0x0f, 0x05, 0x90}, "syscall"},
      {{0x0f, 0x07, 0x90}, "sysret"},
      {{0x0f, 0x34, 0x90}, "sysenter"},
      {{0x0f, 0x35, 0x90}, "sysexit"},
      {{0x0f, 0x78, 0xc0}, "vmread"},
      {{0x0f, 0x79, 0xc0}, "vmwrite"},
      {{0x0f, 0xaa, 0x90}, "rsm"},
      {{0x0f, 0xc7, 0x30}, "vmptrld"},
      {{0x0f, 0x01, 0xc1}, "vmcall"},
      {{0x0f, 0x01, 0xc2}, "vmlaunch"},
      {{0x0f, 0x01, 0xd8}, "vmrun"},
      {{0x0f, 0x01, 0xd9}, "vmmcall"},
      {{0x0f, 0x01, 0xde}, "skinit"},
      // Reads, and what only looks like the above.
      {{0x0f, 0x20, 0xd8}, ""},       // mov from control register
      {{0x0f, 0x01, 0x00}, ""},       // sgdt
      {{0x0f, 0x01, 0x38}, ""},       // invlpg
      {{0x0f, 0x01, 0xd0}, ""},       // xgetbv
      {{0x0f, 0x01, 0xf9}, ""},       // rdtscp
      {{0x0f, 0x00, 0xc0}, ""},       // sldt
      {{0x0f, 0xc7, 0xf0}, ""},       // rdrand
      {{0x0f, 0xc7, 0x08}, ""},       // cmpxchg8b
      {{0xf3, 0x0f, 0xae, 0xd0}, ""}, // wrfsbase
  };
  for (auto &[code, name] : kCases)
    EXPECT_EQ(first(code), name)
        << unsigned(code[1]) << ' ' << unsigned(code[2]);
}

TEST(FindPrivileged, AnyOffset) {
  // movl $0x30220f90, %eax: one begins in the constant, and another in that.
  std::vector<Instruction> found =
      findPrivileged({0xb8, 0x90, 0x0f, 0x0f, 0x30, 0x0f, 0x22}, 0x1000);
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].address, 0x1003u);
  EXPECT_EQ(found[0].name, "wrmsr");
  // The last has no operand in these bytes, but may have it in the next page.
  EXPECT_EQ(found[1].address, 0x1005u);
  EXPECT_TRUE(findPrivileged({0x22, 0x0f}, 0).empty());
  EXPECT_TRUE(findPrivileged({}, 0).empty());
}

} // namespace
