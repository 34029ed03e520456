// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What lies in each page of memory, and who may do what with it.
#pragma once

#include "linker/Report.h"

namespace ampoule::tools {

/// A page, or a range of pages that have nothing from the file.
struct Page {
  std::uint64_t address;
  std::uint64_t size;
  std::string permission;
  std::string purpose;
  std::uint64_t padding = 0;
  std::uint64_t zero = 0; ///< not stored: zeros, or behind the end
  std::map<std::string, std::uint64_t> modules; ///< bytes
};

std::vector<Page> mapPages(const linker::Report &report);

void writePage(const Page &page, llvm::json::OStream &json);
void printPages(llvm::ArrayRef<Page> pages, llvm::raw_ostream &os);

} // namespace ampoule::tools
