// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Finishes an image. lld decided every address; this file adds what follows
// from the addresses, and writes a file that holds what is loaded and no more:
//
//   ELF header | program headers | text | rodata | tables | data
//
// Runs of zeros are not stored: a segment ends where they begin, and its memory
// size reaches to the next one. Loaders fill the difference.
#include "xen-boot/image/Image.h"
#include "xen-boot/abi/layout.h"

#include "llvm/BinaryFormat/ELF.h"
#include "llvm/Object/ELFObjectFile.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/SHA1.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace llvm::object;

namespace ampoule::image {
namespace {

// A program header costs 56 bytes; shorter runs of zeros are cheaper stored.
constexpr std::size_t kStoredZeros = 128;
constexpr std::size_t kBuildIdSize = 20;
constexpr unsigned kGateSize = 16;

std::uint8_t *at(Linked &linked, std::uint64_t address, std::uint64_t size) {
  for (Region &region : linked.regions) {
    if (address < region.address ||
        address + size > region.address + region.size)
      continue;
    std::uint64_t end = address - region.address + size;
    if (region.bytes.size() < end)
      region.bytes.resize(end);
    return region.bytes.data() + (address - region.address);
  }
  return nullptr;
}

/// Intel SDM volume 3A, section 7.14.1: 64-bit interrupt gates, ring 0.
Error writeInterruptGates(Linked &linked, std::uint64_t size) {
  std::uint64_t table = linked.symbol("__ampoule_idt");
  std::uint64_t stubs = linked.symbol("__ampoule_trap_stubs");
  std::uint8_t *gates = at(linked, table, size);
  // The gate behind the exceptions: Xen's upcalls, if libos/events is in the
  // image. Otherwise interrupts stay off.
  std::uint64_t upcall = linked.symbol("ampoule_upcall");
  if (!gates || !stubs)
    return createStringError(
        "the image has no interrupt table to fill: "
        "__ampoule_idt or __ampoule_trap_stubs is missing");
  constexpr std::uint64_t kCodeSelector = 8, kInterruptGate = 0x8e;
  // Exceptions get a stack of their own (interrupt stack table, entry 1), so
  // that a stack overflow can be reported. Interrupts stay on the program's.
  constexpr unsigned kExceptions = 32;
  for (unsigned vector = 0; vector != size / kGateSize; ++vector) {
    std::uint64_t handler =
        vector < kExceptions ? stubs + vector * abi::kStubSize : upcall;
    if (!handler)
      continue; // not present
    std::uint64_t low = (handler & 0xffff) | kCodeSelector << 16 |
                        std::uint64_t{vector < kExceptions} << 32 |
                        kInterruptGate << 40 | ((handler >> 16) & 0xffff) << 48;
    std::uint64_t high = handler >> 32;
    memcpy(gates + vector * kGateSize, &low, 8);
    memcpy(gates + vector * kGateSize + 8, &high, 8);
  }
  return Error::success();
}

/// xen-boot/entry/seal.S; what no code reads is not there.
void writeSealFacts(Linked &linked, const SealFacts &seal) {
  if (std::uint64_t address = linked.symbol("ampoule_hypercalls"))
    if (std::uint8_t *bytes = at(linked, address, sizeof(seal.hypercalls)))
      memcpy(bytes, &seal.hypercalls, sizeof(seal.hypercalls));
  if (std::uint64_t address = linked.symbol("ampoule_is_proved"))
    if (std::uint8_t *byte = at(linked, address, 1))
      *byte = seal.isProved;
}

/// Where the build ID's bytes lie: behind the note header of lld's placeholder.
std::uint64_t findBuildId(const Linked &linked) {
  static constexpr char kHeader[] = {4, 0, 0, 0, kBuildIdSize, 0,   0,   0,
                                     3, 0, 0, 0, 'G',          'N', 'U', 0};
  for (const Region &region : linked.regions) {
    auto it = std::search(region.bytes.begin(), region.bytes.end(),
                          std::begin(kHeader), std::end(kHeader));
    if (it != region.bytes.end())
      return region.address + (it - region.bytes.begin()) + sizeof(kHeader);
  }
  return 0;
}

std::string writeBuildId(Linked &linked) {
  std::uint64_t address = findBuildId(linked);
  if (address == 0)
    return "";
  SHA1 hash;
  for (const Region &region : linked.regions) {
    std::uint64_t place[] = {region.address, region.size};
    hash.update(
        ArrayRef(reinterpret_cast<const std::uint8_t *>(place), sizeof(place)));
    hash.update(ArrayRef<std::uint8_t>(region.bytes));
  }
  std::array<std::uint8_t, kBuildIdSize> id = hash.final();
  memcpy(at(linked, address, id.size()), id.data(), id.size());
  return toHex(id, /*LowerCase=*/true);
}

struct Segment {
  std::uint64_t address, fileSize, memorySize;
  std::uint32_t flags;
  const std::uint8_t *bytes;
};

/// Splits a region where at least kStoredZeros zeros follow each other, but not
/// within the notes.
void splitRegion(const Linked &linked, const Region &region,
                 std::vector<Segment> &out) {
  std::uint32_t flags = ELF::PF_R;
  if (region.access.write)
    flags |= ELF::PF_W;
  if (region.access.execute)
    flags |= ELF::PF_X;
  const std::vector<std::uint8_t> &bytes = region.bytes;
  std::size_t start = 0;
  while (true) {
    std::size_t end = start, next = bytes.size();
    for (std::size_t i = start; i < bytes.size(); ++i) {
      std::uint64_t inNotes = region.address + i - linked.noteOffset;
      if (bytes[i] == 0 && inNotes >= linked.noteSize)
        continue;
      if (i - end > kStoredZeros && end != start) {
        next = i;
        break;
      }
      end = i + 1;
    }
    bool last = next == bytes.size();
    std::uint64_t memoryEnd = last ? region.size : next;
    out.push_back({region.address + start, end - start, memoryEnd - start,
                   flags, bytes.data() + start});
    if (last)
      return;
    start = next;
  }
}

} // namespace

std::vector<char> writeFile(const Linked &linked) {
  std::vector<Segment> segments;
  for (const Region &region : linked.regions)
    splitRegion(linked, region, segments);
  bool hasNotes = linked.noteSize != 0;
  std::size_t headers = sizeof(ELF64LE::Ehdr) +
                        (segments.size() + hasNotes) * sizeof(ELF64LE::Phdr);
  // Data starts on a 16-byte boundary; alignment beyond that is the loader's.
  std::uint64_t offset = alignTo(headers, 16);

  ELF64LE::Ehdr header = {};
  memcpy(header.e_ident, ELF::ElfMagic, 4);
  header.e_ident[ELF::EI_CLASS] = ELF::ELFCLASS64;
  header.e_ident[ELF::EI_DATA] = ELF::ELFDATA2LSB;
  header.e_ident[ELF::EI_VERSION] = ELF::EV_CURRENT;
  header.e_type = ELF::ET_EXEC;
  header.e_machine = ELF::EM_X86_64;
  header.e_version = ELF::EV_CURRENT;
  header.e_entry = linked.entry;
  header.e_phoff = sizeof(header);
  header.e_ehsize = sizeof(header);
  header.e_phentsize = sizeof(ELF64LE::Phdr);
  header.e_phnum = segments.size() + hasNotes;
  header.e_shentsize = sizeof(ELF64LE::Shdr);

  std::vector<ELF64LE::Phdr> table;
  std::vector<char> file(offset);
  for (const Segment &segment : segments) {
    ELF64LE::Phdr entry = {};
    entry.p_type = ELF::PT_LOAD;
    entry.p_flags = segment.flags;
    entry.p_offset = file.size();
    entry.p_vaddr = segment.address;
    entry.p_paddr = segment.address;
    entry.p_filesz = segment.fileSize;
    entry.p_memsz = segment.memorySize;
    entry.p_align = 1;
    table.push_back(entry);
    file.insert(file.end(), segment.bytes, segment.bytes + segment.fileSize);
  }
  if (hasNotes) {
    ELF64LE::Phdr note = {};
    note.p_type = ELF::PT_NOTE;
    note.p_flags = ELF::PF_R;
    for (const ELF64LE::Phdr &entry : table)
      if (linked.noteOffset >= entry.p_vaddr &&
          linked.noteOffset + linked.noteSize <= entry.p_vaddr + entry.p_filesz)
        note.p_offset = entry.p_offset + (linked.noteOffset - entry.p_vaddr);
    note.p_vaddr = linked.noteOffset;
    note.p_paddr = linked.noteOffset;
    note.p_filesz = linked.noteSize;
    note.p_memsz = linked.noteSize;
    note.p_align = 4;
    table.push_back(note);
  }
  memcpy(file.data(), &header, sizeof(header));
  memcpy(file.data() + sizeof(header), table.data(),
         table.size() * sizeof(table[0]));
  return file;
}

namespace {

/// The twin for debuggers is lld's own file with the final bytes put back.
Expected<std::vector<char>> writeDebugFile(MemoryBufferRef elf,
                                           const Linked &linked) {
  std::vector<char> file(elf.getBufferStart(), elf.getBufferEnd());
  Expected<ELFFile<ELF64LE>> parsed = ELFFile<ELF64LE>::create(elf.getBuffer());
  if (!parsed)
    return parsed.takeError();
  Expected<ELF64LE::PhdrRange> headers = parsed->program_headers();
  if (!headers)
    return headers.takeError();
  for (const ELF64LE::Phdr &entry : *headers) {
    if (entry.p_type != ELF::PT_LOAD)
      continue;
    for (const Region &region : linked.regions)
      if (region.address == entry.p_vaddr)
        memcpy(file.data() + entry.p_offset, region.bytes.data(),
               std::min<std::uint64_t>(entry.p_filesz, region.bytes.size()));
  }
  return file;
}

} // namespace

std::uint64_t Linked::symbol(StringRef name) const {
  auto it = symbols.find(name.str());
  return it == symbols.end() ? 0 : it->second;
}

Expected<Linked> readLinked(MemoryBufferRef elf) {
  Expected<ELFFile<ELF64LE>> file = ELFFile<ELF64LE>::create(elf.getBuffer());
  if (!file)
    return file.takeError();
  Linked linked = {};
  linked.entry = file->getHeader().e_entry;
  Expected<ELF64LE::PhdrRange> headers = file->program_headers();
  if (!headers)
    return headers.takeError();
  for (const ELF64LE::Phdr &entry : *headers) {
    if (entry.p_type == ELF::PT_NOTE) {
      linked.noteOffset = entry.p_vaddr;
      linked.noteSize = entry.p_memsz;
    }
    if (entry.p_type != ELF::PT_LOAD || entry.p_memsz == 0)
      continue;
    Region region;
    region.access = {(entry.p_flags & ELF::PF_W) != 0,
                     (entry.p_flags & ELF::PF_X) != 0};
    region.name = region.access.execute ? "text"
                  : region.access.write ? "data"
                                        : "rodata";
    region.address = entry.p_vaddr;
    region.size = entry.p_memsz;
    const std::uint8_t *start = file->base() + entry.p_offset;
    region.bytes.assign(start, start + entry.p_filesz);
    linked.regions.push_back(std::move(region));
  }
  Expected<ELF64LE::ShdrRange> sections = file->sections();
  if (!sections)
    return sections.takeError();
  for (const ELF64LE::Shdr &section : *sections) {
    if (section.sh_type != ELF::SHT_SYMTAB)
      continue;
    Expected<ELF64LE::SymRange> symbols = file->symbols(&section);
    Expected<StringRef> names = file->getStringTableForSymtab(section);
    if (!symbols)
      return joinErrors(symbols.takeError(),
                        names ? Error::success() : names.takeError());
    if (!names)
      return names.takeError();
    for (const ELF64LE::Sym &symbol : *symbols) {
      Expected<StringRef> name = symbol.getName(*names);
      if (!name)
        return name.takeError();
      linked.symbols[name->str()] = symbol.st_value;
      if (*name == "__ampoule_idt")
        linked.symbols["__ampoule_idt.size"] = symbol.st_size;
    }
  }
  return linked;
}

std::vector<Mapping> planMappings(const Linked &linked) {
  std::vector<Mapping> mappings;
  // shared_info and the two rings: frames that are not RAM.
  for (auto [address, frame, purpose] :
       {std::tuple(abi::kSharedInfoAddress, abi::kSharedInfoFrame,
                   "shared info"),
        std::tuple(abi::kConsoleAddress, abi::kConsoleFrame, "console ring"),
        std::tuple(abi::kXenstoreAddress, abi::kXenstoreFrame,
                   "xenstore ring")})
    mappings.push_back({address,
                        frame * abi::kPageSize,
                        abi::kPageSize,
                        {/*write=*/true, /*execute=*/false},
                        purpose});
  std::uint64_t pool = linked.symbol("__ampoule_io_pool");
  if (pool != linked.symbol("__ampoule_io_pool_end"))
    mappings.push_back({abi::kGrantAddress,
                        abi::kGrantFrame * abi::kPageSize,
                        abi::kGrantPages * abi::kPageSize,
                        {/*write=*/true, /*execute=*/false},
                        "grant table"});
  auto addSame = [&](StringRef start, StringRef end, Access access,
                     StringRef purpose) {
    std::uint64_t from = linked.symbol(start), to = linked.symbol(end);
    if (from < to)
      mappings.push_back({from, from, to - from, access, purpose});
  };
  addSame("__ampoule_text_start", "__ampoule_text_end", {false, true}, "text");
  addSame("__ampoule_rodata_start", "__ampoule_rodata_end", {false, false},
          "read-only data");
  addSame("__ampoule_data_start", "__ampoule_data_end", {true, false}, "data");
  // The page below each stack stays unmapped.
  addSame("__ampoule_stack_bottom", "__ampoule_stack_top", {true, false},
          "stack");
  std::uint64_t stackSize = linked.symbol("__ampoule_thread_stack_size");
  for (std::uint64_t i = 0; i != linked.symbol("__ampoule_thread_stack_count");
       ++i) {
    std::uint64_t from = linked.symbol("__ampoule_thread_stacks") +
                         i * (stackSize + abi::kPageSize);
    mappings.push_back({from, from, stackSize, {true, false}, "stack"});
  }
  addSame("__ampoule_io_pool", "__ampoule_io_pool_end", {true, false},
          "I/O pool");
  addSame("__ampoule_image_end", "__ampoule_memory_max", {true, false}, "heap");
  if (std::uint64_t end = linked.symbol("__ampoule_high_memory_end"))
    mappings.push_back({abi::kHighMemory,
                        abi::kHighMemory,
                        end - abi::kHighMemory,
                        {true, false},
                        "heap"});
  return mappings;
}

Expected<Image> finishImage(MemoryBufferRef elf, const SealFacts &seal,
                            ArrayRef<std::uint8_t> unwindInfo) {
  Expected<Linked> linked = readLinked(elf);
  if (!linked)
    return linked.takeError();
  Image image;
  image.mappings = planMappings(*linked);
  Expected<PageTables> tables =
      buildPageTables(image.mappings, linked->symbol("__ampoule_page_tables"));
  if (!tables)
    return tables.takeError();
  std::uint64_t size = tables->pages.size() * abi::kPageSize;
  std::uint8_t *room = at(*linked, tables->root, size);
  if (!room || tables->root + size > linked->symbol("__ampoule_rodata_end"))
    return createStringError("no room for " + Twine(tables->pages.size()) +
                             " page tables");
  memcpy(room, tables->pages.data(), size);
  if (Error error =
          writeInterruptGates(*linked, linked->symbol("__ampoule_idt.size")))
    return error;
  if (!unwindInfo.empty()) {
    std::uint8_t *place = at(*linked, linked->symbol("__ampoule_unwind_info"),
                             unwindInfo.size());
    if (!place)
      return createStringError("no room for unwind information");
    memcpy(place, unwindInfo.data(), unwindInfo.size());
  }
  writeSealFacts(*linked, seal);
  image.buildId = writeBuildId(*linked);
  image.tables = std::move(*tables);
  image.file = writeFile(*linked);
  Expected<std::vector<char>> debug = writeDebugFile(elf, *linked);
  if (!debug)
    return debug.takeError();
  image.debugFile = std::move(*debug);
  image.linked = std::move(*linked);
  return image;
}

Expected<Image> finishLinuxProgram(MemoryBufferRef elf) {
  Expected<Linked> linked = readLinked(elf);
  if (!linked)
    return linked.takeError();
  Image image;
  image.buildId = writeBuildId(*linked);
  Expected<std::vector<char>> debug = writeDebugFile(elf, *linked);
  if (!debug)
    return debug.takeError();
  image.debugFile = std::move(*debug);
  // Linux maps the file, so it keeps lld's page-aligned offsets; section
  // headers, symbols and debug information go.
  Expected<ELFFile<ELF64LE>> parsed = ELFFile<ELF64LE>::create(elf.getBuffer());
  if (!parsed)
    return parsed.takeError();
  Expected<ELF64LE::PhdrRange> headers = parsed->program_headers();
  if (!headers)
    return headers.takeError();
  std::uint64_t end = sizeof(ELF64LE::Ehdr);
  for (const ELF64LE::Phdr &entry : *headers)
    end = std::max<std::uint64_t>(end, entry.p_offset + entry.p_filesz);
  image.file.assign(image.debugFile.begin(), image.debugFile.begin() + end);
  auto *header = reinterpret_cast<ELF64LE::Ehdr *>(image.file.data());
  header->e_shoff = 0;
  header->e_shnum = 0;
  header->e_shstrndx = 0;
  image.linked = std::move(*linked);
  return image;
}

void printMappings(ArrayRef<Mapping> mappings, raw_ostream &os) {
  for (const Mapping &mapping : mappings) {
    os << formatv("{0:x16}-{1:x16} -> {2:x16} ", mapping.address,
                  mapping.address + mapping.size, mapping.physical)
       << 'r' << (mapping.access.write ? 'w' : '-')
       << (mapping.access.execute ? 'x' : '-') << '\n';
  }
}

} // namespace ampoule::image
