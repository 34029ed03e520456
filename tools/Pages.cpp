// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The output:
//
//      address       pages  permission  padding    zero  contents
//   0x00100000           1  r-x              12       0  text: boot 3021, …
//   0x0014f000     130,737  rw-               0       0  heap
#include "tools/Pages.h"
#include "xen-boot/abi/layout.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"

using namespace llvm;
using namespace ampoule::linker;

namespace ampoule::tools {
namespace {

using abi::kPageSize;

/// A stretch of the file, where it lies in memory.
struct Piece {
  std::uint64_t address;
  std::uint64_t size;
  const ByteMapEntry *entry;
};

std::vector<Piece> placePieces(const Report &report) {
  std::vector<Piece> pieces;
  for (const Segment &segment : report.segments)
    for (const ByteMapEntry &entry : report.byteMap) {
      std::uint64_t from = std::max(segment.offset, entry.offset);
      std::uint64_t to = std::min(segment.offset + segment.fileSize,
                                  entry.offset + entry.size);
      if (from < to)
        pieces.push_back(
            {segment.address + (from - segment.offset), to - from, &entry});
    }
  llvm::sort(pieces, [](const Piece &a, const Piece &b) {
    return a.address < b.address;
  });
  return pieces;
}

} // namespace

std::vector<Page> mapPages(const Report &report) {
  std::vector<Piece> pieces = placePieces(report);
  std::vector<Page> pages;
  auto next = pieces.begin(); // the first that ends behind the page's start
  for (const MappedRange &range : report.memory) {
    std::uint64_t end = range.address + range.size;
    for (std::uint64_t at = range.address; at < end;) {
      while (next != pieces.end() && next->address + next->size <= at)
        ++next;
      bool isStored = next != pieces.end() && next->address < at + kPageSize;
      // Up to the next page with something from the file.
      std::uint64_t to = at + kPageSize;
      if (!isStored)
        to = next == pieces.end() ? end
                                  : std::min(end, next->address & -kPageSize);
      Page page{at, to - at, range.permission, range.purpose, 0, to - at, {}};
      for (auto it = next; it != pieces.end() && it->address < to; ++it) {
        std::uint64_t bytes =
            std::min(it->address + it->size, to) - std::max(it->address, at);
        page.zero -= bytes;
        if (it->entry->kind == "padding")
          page.padding += bytes;
        else
          page.modules[it->entry->module] += bytes;
      }
      pages.push_back(std::move(page));
      at = to;
    }
  }
  return pages;
}

void writePage(const Page &page, json::OStream &json) {
  json.attribute("address", page.address);
  json.attribute("size", page.size);
  json.attribute("permission", page.permission);
  json.attribute("purpose", page.purpose);
  json.attribute("padding", page.padding);
  json.attribute("zero", page.zero);
  json.attributeObject("modules", [&] {
    for (auto &[module, bytes] : page.modules)
      json.attribute(module, bytes);
  });
}

void printPages(ArrayRef<Page> pages, raw_ostream &os) {
  os << "   address   pages  permission  padding       zero  contents\n";
  for (const Page &page : pages) {
    os << format("0x%08llx  %6llu  %-10s  %7llu %10llu  ",
                 (unsigned long long)page.address,
                 (unsigned long long)(page.size / kPageSize),
                 page.permission.c_str(), (unsigned long long)page.padding,
                 (unsigned long long)page.zero)
       << page.purpose;
    ListSeparator separator(", ");
    if (!page.modules.empty())
      os << ": ";
    for (auto &[bytes, module] : largestFirst(page.modules))
      os << separator << module << ' ' << bytes;
    os << '\n';
  }
}

} // namespace ampoule::tools
