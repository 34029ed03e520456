// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What every byte of the finished file is.
#pragma once

#include "linker/Bytes.h"
#include "linker/Report.h"
#include "linker/UnwindInfo.h"
#include "xen-boot/image/Image.h"

namespace ampoule::linker {

/// The symbols of the finished file.
struct FinalSymbols {
  struct Symbol {
    std::uint64_t address;
    std::uint64_t size;
    bool isCode;
  };
  llvm::StringMap<Symbol> table;
  /// By address: which of several symbols the byte map names, the longest.
  std::map<std::uint64_t, std::string> named;
  /// By address: they have no symbols, but sections named after their function.
  struct JumpTable {
    std::uint64_t size;
    std::string function;
  };
  std::map<std::uint64_t, JumpTable> jumpTables;
};

/// `sections` is lld's map of the final link.
FinalSymbols readSymbols(const image::Image &image, llvm::StringRef sections);

/// Labels every byte of the finished file and gives each node of the report's
/// graph its bytes.
void measureImage(Report &report, const image::Image &image,
                  const FinalSymbols &symbols, const UnwindInfo &unwindInfo,
                  const BytesBefore &before);

} // namespace ampoule::linker
