// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// x86-64 page tables as data: a pure function from what is to be mapped to the
// bytes of the tables. Intel SDM volume 3A, section 5.5 (4-level paging).
#pragma once

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <cstdint>
#include <vector>

namespace ampoule::image {

struct Access {
  bool write = false;
  bool execute = false;
};

/// Whole pages mapped alike; never both writable and executable.
struct Mapping {
  std::uint64_t address; ///< virtual
  std::uint64_t physical;
  std::uint64_t size; ///< bytes
  Access access;
  llvm::StringRef purpose = {};
};

/// A finished set: the root first, each page 512 entries. The pages lie one
/// behind the other from the physical address that buildPageTables was given.
struct PageTables {
  std::uint64_t root = 0; ///< physical address of pages[0]
  std::vector<std::array<std::uint64_t, 512>> pages;
};

/// Maps with 2 MiB pages wherever a mapping's alignment allows. Accessed and
/// dirty are set in every entry, so that the processor never writes to a table.
/// Overlapping, unaligned or writable-and-executable mappings are errors.
llvm::Expected<PageTables> buildPageTables(llvm::ArrayRef<Mapping> mappings,
                                           std::uint64_t root);

/// Reads tables back: every mapping, neighbours of the same kind joined.
std::vector<Mapping> readPageTables(const PageTables &tables);

/// How many pages buildPageTables needs for these mappings.
unsigned countPageTables(llvm::ArrayRef<Mapping> mappings);

} // namespace ampoule::image
