// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Builds and reads four-level page tables. Entry bits are those of Intel SDM
// volume 3A, tables 5-15 to 5-20; the tables are for ring 0 alone, so no entry
// is a user one, and none is global (a global entry would survive a change of
// CR3).
#include "xen-boot/image/PageTables.h"
#include "xen-boot/abi/layout.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Alignment.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MathExtras.h"
#include <map>

using namespace llvm;
using ampoule::abi::kLargePageSize;
using ampoule::abi::kPageSize;

namespace ampoule::image {
namespace {

constexpr std::uint64_t kPresent = 1ull << 0;
constexpr std::uint64_t kWritable = 1ull << 1;
constexpr std::uint64_t kAccessed = 1ull << 5;
constexpr std::uint64_t kDirty = 1ull << 6;
constexpr std::uint64_t kLarge = 1ull << 7;
constexpr std::uint64_t kNoExecute = 1ull << 63;
constexpr std::uint64_t kAddressMask = 0x000ffffffffff000ull;

constexpr unsigned kLevels = 4;
constexpr unsigned kIndexBits = 9;

unsigned indexAt(std::uint64_t address, unsigned level) {
  return (address >> (12 + kIndexBits * level)) & 511;
}

bool usesLargePage(const Mapping &mapping, std::uint64_t done) {
  return isAligned(Align(kLargePageSize), mapping.address + done) &&
         isAligned(Align(kLargePageSize), mapping.physical + done) &&
         mapping.size - done >= kLargePageSize;
}

/// Calls back for each page: (virtual, physical, isLarge).
template <typename Callback>
void forEachPage(const Mapping &mapping, Callback callback) {
  for (std::uint64_t done = 0; done < mapping.size;) {
    bool large = usesLargePage(mapping, done);
    callback(mapping.address + done, mapping.physical + done, large);
    done += large ? kLargePageSize : kPageSize;
  }
}

/// A table is named by its level and the part of the address above it.
using TableKey = std::pair<unsigned, std::uint64_t>;

TableKey keyOf(std::uint64_t address, unsigned level) {
  return {kLevels - level, address >> (12 + kIndexBits * (level + 1))};
}

/// Which tables are needed, the root first, in order of level and address.
std::map<TableKey, unsigned> planTables(ArrayRef<Mapping> mappings) {
  std::map<TableKey, unsigned> tables;
  tables[keyOf(0, kLevels - 1)] = 0;
  for (const Mapping &mapping : mappings)
    forEachPage(mapping, [&](std::uint64_t address, std::uint64_t, bool large) {
      for (unsigned level = kLevels; level-- > (large ? 1u : 0u);)
        tables[keyOf(address, level)] = 0;
    });
  unsigned index = 0;
  for (auto &[key, number] : tables)
    number = index++;
  return tables;
}

Error checkMappings(ArrayRef<Mapping> mappings) {
  std::vector<Mapping> sorted(mappings.begin(), mappings.end());
  sort(sorted, [](const Mapping &a, const Mapping &b) {
    return a.address < b.address;
  });
  std::uint64_t end = 0;
  for (const Mapping &mapping : sorted) {
    if (!isAligned(Align(kPageSize),
                   mapping.address | mapping.physical | mapping.size))
      return createStringError(formatv(
          "mapping at {0:x} is not a whole number of pages", mapping.address));
    if (mapping.access.write && mapping.access.execute)
      return createStringError(formatv(
          "mapping at {0:x} is writable and executable", mapping.address));
    if (mapping.address < end)
      return createStringError(
          formatv("mapping at {0:x} overlaps the one before", mapping.address));
    end = mapping.address + mapping.size;
  }
  sort(sorted, [](const Mapping &a, const Mapping &b) {
    return a.physical < b.physical;
  });
  end = 0;
  for (const Mapping &mapping : sorted) {
    if (mapping.physical < end)
      return createStringError(
          formatv("frame {0:x} would be mapped twice", mapping.physical));
    end = mapping.physical + mapping.size;
  }
  return Error::success();
}

} // namespace

unsigned countPageTables(ArrayRef<Mapping> mappings) {
  return planTables(mappings).size();
}

Expected<PageTables> buildPageTables(ArrayRef<Mapping> mappings,
                                     std::uint64_t root) {
  if (Error error = checkMappings(mappings))
    return error;
  std::map<TableKey, unsigned> tables = planTables(mappings);
  PageTables result{root, {}};
  result.pages.resize(tables.size());
  auto entryOf = [&](std::uint64_t address, unsigned level) -> std::uint64_t & {
    return result.pages[tables.at(keyOf(address, level))]
                       [indexAt(address, level)];
  };
  for (const Mapping &mapping : mappings)
    forEachPage(mapping, [&](std::uint64_t address, std::uint64_t physical,
                             bool large) {
      unsigned leaf = large ? 1 : 0;
      // Rights are decided at the leaf; the levels above allow everything.
      for (unsigned level = kLevels - 1; level > leaf; --level)
        entryOf(address, level) =
            (root + tables.at(keyOf(address, level - 1)) * kPageSize) |
            kPresent | kWritable | kAccessed;
      entryOf(address, leaf) =
          physical | kPresent | kAccessed | kDirty | (large ? kLarge : 0) |
          (mapping.access.write ? kWritable : 0) |
          (mapping.access.execute ? 0 : kNoExecute);
    });
  return result;
}

static void readTable(const PageTables &tables, unsigned page, unsigned level,
                      std::uint64_t base, Access limit,
                      std::vector<Mapping> &out) {
  for (unsigned index = 0; index != 512; ++index) {
    std::uint64_t entry = tables.pages[page][index];
    if (!(entry & kPresent))
      continue;
    std::uint64_t address = base + (std::uint64_t(index) << (12 + kIndexBits * level));
    if (level == kLevels - 1 && index >= 256)
      address |= 0xffff000000000000ull; // canonical form
    Access access{limit.write && (entry & kWritable),
                  limit.execute && !(entry & kNoExecute)};
    std::uint64_t target = entry & kAddressMask;
    if (level != 0 && !(entry & kLarge)) {
      std::uint64_t next = (target - tables.root) / kPageSize;
      if (next < tables.pages.size())
        readTable(tables, next, level - 1, address, access, out);
      continue;
    }
    std::uint64_t size = kPageSize << (kIndexBits * level);
    if (!out.empty()) {
      Mapping &last = out.back();
      if (last.address + last.size == address &&
          last.physical + last.size == target &&
          last.access.write == access.write &&
          last.access.execute == access.execute) {
        last.size += size;
        continue;
      }
    }
    out.push_back({address, target, size, access});
  }
}

std::vector<Mapping> readPageTables(const PageTables &tables) {
  std::vector<Mapping> out;
  if (!tables.pages.empty())
    readTable(tables, 0, kLevels - 1, 0, {true, true}, out);
  return out;
}

} // namespace ampoule::image
