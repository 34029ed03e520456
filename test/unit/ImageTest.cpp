// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "xen-boot/image/Image.h"

#include "llvm/Object/ELF.h"
#include "gtest/gtest.h"

using namespace ampoule::image;
using llvm::object::ELF64LE;

namespace {

// A build ID may end with zeros, and zeros may follow it.
TEST(Image, NotesAreStoredWhole) {
  constexpr std::uint64_t kAddress = 0x600000, kNoteSize = 36;
  Linked linked = {};
  linked.entry = kAddress;
  linked.noteOffset = kAddress;
  linked.noteSize = kNoteSize;
  Region &region = linked.regions.emplace_back();
  region.address = kAddress;
  region.size = 1000;
  region.bytes.assign(region.size, 0);
  region.bytes[0] = 4;         // size of the name
  region.bytes[4] = 20;        // of the ID
  region.bytes[8] = 3;         // NT_GNU_BUILD_ID
  region.bytes[16] = 0xff;     // all of the ID but zeros
  region.bytes.back() = 0xee;
  std::vector<char> file = writeFile(linked);
  EXPECT_LT(file.size(), 500u);
  auto elf = llvm::cantFail(llvm::object::ELFFile<ELF64LE>::create(
      llvm::StringRef(file.data(), file.size())));
  unsigned notes = 0;
  for (const ELF64LE::Phdr &entry : llvm::cantFail(elf.program_headers())) {
    if (entry.p_type != llvm::ELF::PT_NOTE)
      continue;
    ++notes;
    ASSERT_GE(entry.p_offset, sizeof(ELF64LE::Ehdr));
    ASSERT_LE(entry.p_offset + kNoteSize, file.size());
    EXPECT_EQ(0, memcmp(file.data() + entry.p_offset,
                        linked.regions[0].bytes.data(), kNoteSize));
  }
  EXPECT_EQ(notes, 1u);
}

} // namespace
