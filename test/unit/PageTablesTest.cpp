// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Page tables are tested by reading back what was written, and by looking at
// the bits that reading back does not show.
#include "xen-boot/abi/layout.h"
#include "xen-boot/image/PageTables.h"

#include <gtest/gtest.h>

using namespace ampoule::image;
using ampoule::abi::kLargePageSize;
using ampoule::abi::kPageSize;

namespace {

constexpr std::uint64_t kRoot = 0x180000;
constexpr Access kText = {.write = false, .execute = true};
constexpr Access kConstant = {};
constexpr Access kData = {.write = true, .execute = false};

PageTables build(llvm::ArrayRef<Mapping> mappings) {
  llvm::Expected<PageTables> tables = buildPageTables(mappings, kRoot);
  EXPECT_TRUE(bool(tables)) << llvm::toString(tables.takeError());
  return tables ? std::move(*tables) : PageTables();
}

std::string failure(llvm::ArrayRef<Mapping> mappings) {
  llvm::Expected<PageTables> tables = buildPageTables(mappings, kRoot);
  return tables ? "" : llvm::toString(tables.takeError());
}

/// The leaf entry for an address, as the processor would find it; 0: none.
std::uint64_t walk(const PageTables &tables, std::uint64_t address) {
  std::uint64_t table = tables.root;
  for (int level = 3;; --level) {
    std::uint64_t entry = tables.pages.at((table - tables.root) / kPageSize)
                              .at((address >> (12 + 9 * level)) & 511);
    if (!(entry & 1) || level == 0 || (entry & 1 << 7))
      return entry;
    table = entry & 0x000ffffffffff000;
  }
}

void expectSame(llvm::ArrayRef<Mapping> actual,
                llvm::ArrayRef<Mapping> expected) {
  ASSERT_EQ(actual.size(), expected.size());
  for (auto [a, e] : llvm::zip(actual, expected)) {
    EXPECT_EQ(a.address, e.address);
    EXPECT_EQ(a.physical, e.physical);
    EXPECT_EQ(a.size, e.size);
    EXPECT_EQ(a.access.write, e.access.write);
    EXPECT_EQ(a.access.execute, e.access.execute);
  }
}

TEST(PageTables, ReadBackIsWhatWasMapped) {
  std::vector<Mapping> mappings = {
      {0xe0000, 0xfefe0000, kPageSize, kData},
      {0x100000, 0x100000, 0x23000, kText},
      {0x123000, 0x123000, 0x5000, kConstant},
      {0x128000, 0x128000, 0x4000, kData},
      // A guard page is a hole.
      {0x12d000, 0x12d000, 64 * kLargePageSize - 0x12d000, kData},
  };
  expectSame(readPageTables(build(mappings)), mappings);
}

TEST(PageTables, UnmappedStaysUnmapped) {
  PageTables tables = build({{0x100000, 0x100000, 0x2000, kText}});
  EXPECT_EQ(walk(tables, 0), 0u);
  EXPECT_EQ(walk(tables, 0xff000), 0u);
  EXPECT_NE(walk(tables, 0x101000), 0u);
  EXPECT_EQ(walk(tables, 0x102000), 0u);
}

TEST(PageTables, EntryBits) {
  PageTables tables = build({{0x100000, 0x100000, kPageSize, kText},
                             {0x101000, 0x101000, kPageSize, kConstant},
                             {0x102000, 0x102000, kPageSize, kData},
                             {0x400000, 0x400000, kLargePageSize, kData}});
  // Present, accessed, dirty; never user, never global.
  EXPECT_EQ(walk(tables, 0x100000), 0x100061u);
  EXPECT_EQ(walk(tables, 0x101000), 0x8000000000101061u);
  EXPECT_EQ(walk(tables, 0x102000), 0x8000000000102063u);
  EXPECT_EQ(walk(tables, 0x400000), 0x80000000004000e3u);
}

TEST(PageTables, LargePagesWhereAlignmentAllows) {
  // 1 GiB from 1 MiB on: small pages up to 2 MiB and for the last MiB.
  std::vector<Mapping> mappings = {{0x100000, 0x100000, 1ull << 30, kData}};
  PageTables tables = build(mappings);
  EXPECT_EQ(walk(tables, 0x1ff000) & 1 << 7, 0u);
  EXPECT_NE(walk(tables, 0x200000) & 1 << 7, 0u);
  EXPECT_EQ(tables.pages.size(), countPageTables(mappings));
  // Root, one level-3 table, two level-2 tables, two tables of small pages.
  EXPECT_EQ(tables.pages.size(), 6u);
  expectSame(readPageTables(tables), mappings);
}

TEST(PageTables, NothingInTheHole) {
  using namespace ampoule::abi;
  // As an image of 6 GiB.
  std::vector<Mapping> mappings = {
      {0x200000, 0x200000, kLowMemoryEnd - 0x200000, kData},
      {kHighMemory, kHighMemory, (6ull << 30) - kLowMemoryEnd, kData}};
  PageTables tables = build(mappings);
  EXPECT_EQ(walk(tables, kLowMemoryEnd - kPageSize),
            (kLowMemoryEnd - kLargePageSize) | 0x80000000000000e3);
  EXPECT_EQ(walk(tables, kLowMemoryEnd), 0u);
  EXPECT_EQ(walk(tables, kHighMemory - kPageSize), 0u);
  EXPECT_EQ(walk(tables, kHighMemory), kHighMemory | 0x80000000000000e3);
  // Root, one level-3 table, a directory for each of seven GiB.
  EXPECT_EQ(tables.pages.size(), 9u);
  expectSame(readPageTables(tables), mappings);
}

TEST(PageTables, NoLargePageAcrossDifferentAlignments) {
  std::vector<Mapping> mappings = {
      {4 * kLargePageSize, 0x1000, kLargePageSize, kData}};
  PageTables tables = build(mappings);
  EXPECT_EQ(walk(tables, 4 * kLargePageSize) & 1 << 7, 0u);
  expectSame(readPageTables(tables), mappings);
}

TEST(PageTables, Refusals) {
  EXPECT_NE(failure({{0x100000, 0x100000, kPageSize, {true, true}}}), "");
  EXPECT_NE(failure({{0x100800, 0x100800, kPageSize, kData}}), "");
  EXPECT_NE(failure({{0x100000, 0x100000, 0x800, kData}}), "");
  EXPECT_NE(failure({{0x100000, 0x100000, 2 * kPageSize, kData},
                     {0x101000, 0x101000, kPageSize, kText}}),
            "");
}

} // namespace
