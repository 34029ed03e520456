// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Shares no data structure with what wrote the image: segments are loaded into
// a sparse memory, the note says where the sealed tables begin, and everything
// else follows from the bytes there. Entry bits are those of Intel SDM volume
// 3A, tables 5-15 to 5-20.
#include "xen-boot/image/Verify.h"
#include "xen-boot/abi/layout.h"
#include "xen-boot/image/Instructions.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/BinaryFormat/ELF.h"
#include "llvm/Object/ELF.h"
#include "llvm/Support/FormatVariadic.h"
#include <set>

using namespace llvm;
using namespace llvm::object;
using ampoule::abi::kPageSize;

namespace ampoule::image {
namespace {

constexpr Rule kRules[] = {
    {"file", "an ELF file whose segments lie within it"},
    {"notes", "Xen's notes of both entries, and the note of the seal"},
    {"segments",
     "no segment is writable and executable, none overlaps another"},
    {"tables", "the tables lie in the file, and no mapping makes one writable"},
    {"bits", "no entry is global or a user's; accessed and dirty are set"},
    {"w^x", "no mapping is writable and executable"},
    {"page-zero", "nothing is mapped at address 0"},
    {"alias", "no frame is mapped twice"},
    {"special-pages",
     "between 0xfc000000 and 4 GiB only shared_info and rings"},
    {"loaded", "what is executable is in the file, at the same address"},
    {"door",
     "the boot pages end in the load of the sealed tables, which do not "
     "map them; behind it begins what they make executable"},
    {kInstructionRule, "no byte of code begins an instruction that could undo "
                       "the seal"},
    {kHypercallRule, "there is one hypercall instruction of each kind at most"},
};

// Xen public/elfnote.h.
constexpr unsigned kNoteEntry = 1, kNotePhys32Entry = 18;
constexpr unsigned kNoteSeal = 1; // of "Ampoule"

constexpr std::uint64_t kPresent = 1, kWritable = 2, kUser = 4,
                        kAccessed = 0x20, kDirty = 0x40, kLarge = 0x80,
                        kGlobal = 0x100, kNoExecute = 1ull << 63,
                        kAddressMask = 0x000ffffffffff000;
constexpr std::uint64_t kSpecialStart = 0xfc000000, kSpecialEnd = 1ull << 32;

std::string hex(std::uint64_t value) { return formatv("{0:x}", value).str(); }

class Verifier {
public:
  explicit Verifier(ArrayRef<char> file) : file(file.data(), file.size()) {}

  Verification run() {
    if (readFile() && readNotes()) {
      walk(result.root, 3, 0, {true, true});
      checkMappings();
      checkDoor();
      checkCode();
    }
    return std::move(result);
  }

private:
  bool fail(StringRef rule, std::uint64_t address, std::string what) {
    result.violations.push_back({rule, address, std::move(what)});
    return false;
  }

  bool readFile() {
    Expected<ELFFile<ELF64LE>> elf = ELFFile<ELF64LE>::create(file);
    if (!elf)
      return fail("file", 0, toString(elf.takeError()));
    const ELF64LE::Ehdr &header = elf->getHeader();
    if (!header.checkMagic() || header.getFileClass() != ELF::ELFCLASS64 ||
        header.getDataEncoding() != ELF::ELFDATA2LSB ||
        header.e_machine != ELF::EM_X86_64 || header.e_type != ELF::ET_EXEC)
      return fail("file", 0, "not an x86-64 executable");
    Expected<ELF64LE::PhdrRange> headers = elf->program_headers();
    if (!headers)
      return fail("file", 0, toString(headers.takeError()));
    for (const ELF64LE::Phdr &segment : *headers) {
      if (segment.p_offset > file.size() ||
          segment.p_filesz > file.size() - segment.p_offset ||
          segment.p_filesz > segment.p_memsz ||
          segment.p_paddr > UINT64_MAX - segment.p_memsz)
        return fail("file", segment.p_vaddr,
                    "a segment reaches past the end of the file or of memory");
      if (segment.p_type == ELF::PT_NOTE)
        notes.push_back(segment);
      if (segment.p_type != ELF::PT_LOAD)
        continue;
      if (segment.p_flags & ELF::PF_W && segment.p_flags & ELF::PF_X)
        fail("segments", segment.p_vaddr,
             "the segment is writable and executable");
      if (segment.p_paddr != segment.p_vaddr)
        fail("segments", segment.p_vaddr,
             "the segment is loaded at " + hex(segment.p_paddr));
      for (const ELF64LE::Phdr &other : segments)
        if (segment.p_paddr < other.p_paddr + other.p_memsz &&
            other.p_paddr < segment.p_paddr + segment.p_memsz)
          fail("segments", segment.p_vaddr,
               "the segment overlaps the one at " + hex(other.p_vaddr));
      segments.push_back(segment);
    }
    return true;
  }

  bool readNotes() {
    ELFFile<ELF64LE> elf = cantFail(ELFFile<ELF64LE>::create(file));
    bool hasPv = false, hasPvh = false, hasSeal = false;
    for (const ELF64LE::Phdr &segment : notes) {
      Error error = Error::success();
      for (const auto &note : elf.notes(segment, error)) {
        if (note.getName() == "Xen") {
          hasPv |= note.getType() == kNoteEntry;
          hasPvh |= note.getType() == kNotePhys32Entry;
        }
        ArrayRef<std::uint8_t> seal = note.getDesc(4);
        if (note.getName() == "Ampoule" && note.getType() == kNoteSeal &&
            seal.size() == 24) {
          hasSeal = true;
          result.root = support::endian::read64le(seal.data() + 8);
          result.sealed = support::endian::read64le(seal.data() + 16);
        }
      }
      if (error)
        return fail("notes", 0, toString(std::move(error)));
    }
    if (!hasPv)
      fail("notes", 0, "no Xen note of type ENTRY (1)");
    if (!hasPvh)
      fail("notes", 0, "no Xen note of type PHYS32_ENTRY (18)");
    if (!hasSeal)
      return fail("notes", 0, "no note Ampoule of type 1");
    return true;
  }

  /// Reads memory as the loader fills it. False: part of it is not the file's.
  bool read(std::uint64_t address, MutableArrayRef<std::uint8_t> out) const {
    std::uint64_t known = 0;
    for (const ELF64LE::Phdr &segment : segments) {
      std::uint64_t start = std::max<std::uint64_t>(segment.p_paddr, address);
      std::uint64_t end = std::min<std::uint64_t>(
          segment.p_paddr + segment.p_memsz, address + out.size());
      if (start >= end)
        continue;
      known += end - start;
      std::uint64_t stored =
          std::min<std::uint64_t>(end, segment.p_paddr + segment.p_filesz);
      memset(out.data() + (start - address), 0, end - start);
      if (start < stored)
        memcpy(out.data() + (start - address),
               file.data() + segment.p_offset + (start - segment.p_paddr),
               stored - start);
    }
    return known == out.size();
  }

  void walk(std::uint64_t table, unsigned level, std::uint64_t base,
            Access limit) {
    std::uint8_t bytes[kPageSize];
    if (table % kPageSize != 0 || !read(table, bytes)) {
      fail("tables", table, "the page table is not in the file");
      return;
    }
    // A table that is reached twice would map all of it twice.
    if (!tables.insert(table).second) {
      fail("alias", table, "the page table is reached in two ways");
      return;
    }
    for (unsigned index = 0; index != 512; ++index) {
      std::uint64_t entry = support::endian::read64le(bytes + 8 * index);
      if (!(entry & kPresent))
        continue;
      std::uint64_t address = base + (std::uint64_t(index) << (12 + 9 * level));
      if (level == 3 && index >= 256)
        address |= 0xffff000000000000; // canonical form
      bool isLeaf = level == 0 || entry & kLarge;
      if (level == 3 && entry & kLarge) {
        fail("bits", address, "a reserved bit of an entry is set");
        continue;
      }
      if (entry & kUser || (isLeaf && entry & kGlobal) ||
          !(entry & kAccessed) || (isLeaf && !(entry & kDirty)))
        fail("bits", address,
             "the entry is " + hex(entry) +
                 ": global, a user's, or to be "
                 "written by the processor");
      Access access{limit.write && (entry & kWritable),
                    limit.execute && !(entry & kNoExecute)};
      if (!isLeaf)
        walk(entry & kAddressMask, level - 1, address, access);
      else
        add({address, entry & kAddressMask & -(kPageSize << (9 * level)),
             kPageSize << (9 * level), access});
    }
  }

  void add(const Mapping &mapping) {
    if (!result.mappings.empty()) {
      Mapping &last = result.mappings.back();
      if (last.address + last.size == mapping.address &&
          last.physical + last.size == mapping.physical &&
          last.access.write == mapping.access.write &&
          last.access.execute == mapping.access.execute) {
        last.size += mapping.size;
        return;
      }
    }
    result.mappings.push_back(mapping);
  }

  void checkMappings() {
    std::vector<Mapping> byFrame = result.mappings;
    sort(byFrame, [](const Mapping &a, const Mapping &b) {
      return a.physical < b.physical;
    });
    std::uint64_t end = 0;
    for (const Mapping &mapping : byFrame) {
      if (mapping.physical < end)
        fail("alias", mapping.address,
             "the frame at " + hex(mapping.physical) + " is mapped twice");
      end = std::max(end, mapping.physical + mapping.size);
    }
    for (const Mapping &mapping : result.mappings) {
      if (mapping.access.write && mapping.access.execute)
        fail("w^x", mapping.address, "the mapping is writable and executable");
      if (mapping.address == 0)
        fail("page-zero", 0, "page 0 is mapped");
      if (mapping.access.write)
        for (std::uint64_t table : tables)
          if (table >= mapping.physical &&
              table < mapping.physical + mapping.size)
            fail("tables", table,
                 "the page table is writable, by the mapping at " +
                     hex(mapping.address));
      checkSpecialPages(mapping);
    }
  }

  void checkSpecialPages(const Mapping &mapping) {
    if (mapping.address < kSpecialEnd &&
        mapping.address + mapping.size > kSpecialStart)
      fail("special-pages", mapping.address,
           "maps addresses up to " + hex(mapping.address + mapping.size));
    std::uint64_t start = std::max(mapping.physical, kSpecialStart),
                  end = std::min(mapping.physical + mapping.size, kSpecialEnd);
    for (std::uint64_t frame = start / kPageSize; frame < end / kPageSize;
         ++frame)
      if (frame != abi::kSharedInfoFrame && frame != abi::kConsoleFrame &&
          frame != abi::kXenstoreFrame &&
          (frame < abi::kGrantFrame ||
           frame >= abi::kGrantFrame + abi::kGrantPages))
        fail("special-pages", mapping.address,
             "maps " + hex(frame * kPageSize));
  }

  const Mapping *mappingOf(std::uint64_t address) const {
    for (const Mapping &mapping : result.mappings)
      if (mapping.address <= address &&
          address < mapping.address + mapping.size)
        return &mapping;
    return nullptr;
  }

  /// mov $root, %eax; mov %rax, %cr3
  void checkDoor() {
    constexpr std::uint64_t kDoorSize = 8;
    std::uint8_t door[kDoorSize];
    std::uint64_t at = result.sealed - kDoorSize;
    if (result.sealed % kPageSize != 0)
      fail("door", result.sealed, "does not begin a page");
    if (!read(at, door)) {
      fail("door", at, "is not in the file");
      return;
    }
    std::uint8_t expected[kDoorSize] = {0xb8, 0, 0, 0, 0, 0x0f, 0x22, 0xd8};
    support::endian::write32le(expected + 1, result.root);
    if (result.root >> 32 || ArrayRef(door) != ArrayRef(expected))
      fail("door", at, "is not the load of " + hex(result.root) + " into CR3");
    if (mappingOf(at))
      fail("door", at, "is mapped by the sealed tables");
    const Mapping *text = mappingOf(result.sealed);
    if (!text || !text->access.execute || text->address != result.sealed)
      fail("door", result.sealed, "does not begin the executable mapping");
  }

  void checkCode() {
    StringMap<std::vector<std::uint64_t>> hypercalls;
    for (const Mapping &mapping : result.mappings) {
      if (!mapping.access.execute)
        continue;
      std::vector<std::uint8_t> code(
          std::min<std::uint64_t>(mapping.size, file.size() + kPageSize));
      if (code.size() != mapping.size || mapping.address != mapping.physical ||
          !readCode(mapping.physical, code)) {
        fail("loaded", mapping.address, "executable, and not in the file");
        continue;
      }
      result.executableBytes += code.size();
      for (const Instruction &found : findPrivileged(code, mapping.address))
        if (found.isHypercall)
          hypercalls[found.name].push_back(found.address);
        else
          fail(kInstructionRule, found.address, found.name.str());
    }
    // Which of several is meant the bytes do not tell.
    for (StringRef name : {"vmcall", "vmmcall", "syscall"})
      if (hypercalls[name].size() > 1)
        for (std::uint64_t address : hypercalls[name])
          fail(kHypercallRule, address, name.str());
  }

  /// The last page may be filled up with zeros.
  bool readCode(std::uint64_t address, std::vector<std::uint8_t> &code) const {
    std::uint64_t end = 0;
    for (const ELF64LE::Phdr &segment : segments)
      if (segment.p_paddr < address + code.size())
        end = std::max<std::uint64_t>(end, segment.p_paddr + segment.p_memsz);
    std::uint64_t size = std::min<std::uint64_t>(end - address, code.size());
    return end > address && code.size() - size < kPageSize &&
           read(address, MutableArrayRef(code).take_front(size));
  }

  StringRef file;
  std::vector<ELF64LE::Phdr> segments, notes;
  std::set<std::uint64_t> tables;
  Verification result;
};

} // namespace

ArrayRef<Rule> rules() { return kRules; }

Verification verifyImage(ArrayRef<char> file) { return Verifier(file).run(); }

} // namespace ampoule::image
