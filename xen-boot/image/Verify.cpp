// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Reads back what Image wrote, sharing none of its data structures: segments
// are loaded into a sparse memory, and the tables are walked there.
#include "xen-boot/image/Verify.h"
#include "xen-boot/image/PageTables.h"
#include "xen-boot/abi/layout.h"

#include "llvm/BinaryFormat/ELF.h"
#include "llvm/Object/ELF.h"
#include "llvm/Support/FormatVariadic.h"

using namespace llvm;
using namespace llvm::object;
using ampoule::abi::kPageSize;

namespace ampoule::image {
namespace {

// Xen public/elfnote.h.
constexpr unsigned kNoteEntry = 1;
constexpr unsigned kNotePhys32Entry = 18;

struct Loaded {
  std::vector<ELF64LE::Phdr> segments;
  StringRef file;

  /// Reads one page as the loader would have filled it.
  bool readPage(std::uint64_t address,
                std::array<std::uint64_t, 512> &page) const {
    page.fill(0);
    bool known = false;
    auto *out = reinterpret_cast<char *>(page.data());
    for (const ELF64LE::Phdr &segment : segments) {
      std::uint64_t start = std::max<std::uint64_t>(segment.p_paddr, address);
      std::uint64_t end = std::min<std::uint64_t>(
          segment.p_paddr + segment.p_memsz, address + kPageSize);
      if (start >= end)
        continue;
      known = true;
      std::uint64_t fileEnd = std::min<std::uint64_t>(
          end, segment.p_paddr + segment.p_filesz);
      if (start < fileEnd)
        memcpy(out + (start - address),
               file.data() + segment.p_offset + (start - segment.p_paddr),
               fileEnd - start);
    }
    return known;
  }
};

Error checkNotes(const ELFFile<ELF64LE> &elf, const ELF64LE::Phdr &segment) {
  bool pv = false, pvh = false;
  Error error = Error::success();
  for (const auto &note : elf.notes(segment, error)) {
    if (note.getName() != "Xen")
      continue;
    pv |= note.getType() == kNoteEntry;
    pvh |= note.getType() == kNotePhys32Entry;
  }
  if (error)
    return error;
  if (!pv || !pvh)
    return createStringError(Twine("no Xen note of type ") +
                             (pv ? "PHYS32_ENTRY (18)" : "ENTRY (1)"));
  return Error::success();
}

Error checkMappings(const Loaded &loaded, std::uint64_t root) {
  PageTables tables{root, {}};
  // The pages of the set lie one behind the other; stop at the first entry
  // page that no segment holds.
  for (std::uint64_t address = root;; address += kPageSize) {
    std::array<std::uint64_t, 512> page;
    if (tables.pages.size() == 64 || !loaded.readPage(address, page))
      break;
    tables.pages.push_back(page);
  }
  if (tables.pages.empty())
    return createStringError("the page tables are not in the file");
  for (const Mapping &mapping : readPageTables(tables)) {
    std::string place = formatv("{0:x}", mapping.address).str();
    if (mapping.address == 0)
      return createStringError("page 0 is mapped");
    if (mapping.access.write && mapping.access.execute)
      return createStringError("the mapping at " + place +
                               " is writable and executable");
    if (mapping.access.write && mapping.physical <= root &&
        root < mapping.physical + mapping.size)
      return createStringError("the mapping at " + place +
                               " makes the page tables writable");
  }
  return Error::success();
}

} // namespace

Error verifyImage(ArrayRef<char> file, std::uint64_t root) {
  StringRef bytes(file.data(), file.size());
  Expected<ELFFile<ELF64LE>> elf = ELFFile<ELF64LE>::create(bytes);
  if (!elf)
    return elf.takeError();
  Expected<ELF64LE::PhdrRange> headers = elf->program_headers();
  if (!headers)
    return headers.takeError();
  Loaded loaded{{}, bytes};
  bool hasNotes = false;
  for (const ELF64LE::Phdr &segment : *headers) {
    if (segment.p_offset + segment.p_filesz > bytes.size())
      return createStringError("a segment reaches past the end of the file");
    if (segment.p_type == ELF::PT_LOAD) {
      if ((segment.p_flags & ELF::PF_W) && (segment.p_flags & ELF::PF_X))
        return createStringError(formatv(
            "the segment at {0:x} is writable and executable",
            static_cast<std::uint64_t>(segment.p_vaddr)));
      loaded.segments.push_back(segment);
    }
    if (segment.p_type == ELF::PT_NOTE) {
      hasNotes = true;
      if (Error error = checkNotes(*elf, segment))
        return error;
    }
  }
  if (!hasNotes)
    return createStringError("no Xen notes");
  return checkMappings(loaded, root);
}

} // namespace ampoule::image
