// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Builds the byte map from the finished file and from the symbols and sections
// of its debug twin. Every byte of the file gets exactly one label:
//
//   header   ELF and program headers
//   code     of a function
//   data     of a variable, a constant or a jump table
//   unwind   frames and exception tables, by function
//   table    page tables and descriptor tables
//   padding  between any of these
#include "linker/Measure.h"
#include "xen-boot/abi/layout.h"

#include "llvm/BinaryFormat/ELF.h"
#include "llvm/DebugInfo/DWARF/DWARFContext.h"
#include "llvm/DebugInfo/DWARF/DWARFDebugFrame.h"
#include "llvm/Object/ELFObjectFile.h"

using namespace llvm;
using namespace llvm::object;

namespace ampoule::linker {
namespace {

constexpr StringLiteral kUnwindTables = "unwind tables";

/// A stretch of memory with a label.
struct Extent {
  std::uint64_t size;
  const char *kind;
  std::string symbol;
  const char *module = nullptr; ///< if not the symbol's
};

using Extents = std::map<std::uint64_t, Extent>;

/// The image as the final link wrote it, with symbols.
std::unique_ptr<ELFObjectFileBase> debugTwin(const image::Image &image) {
  std::unique_ptr<ObjectFile> file =
      cantFail(ObjectFile::createELFObjectFile(MemoryBufferRef(
          StringRef(image.debugFile.data(), image.debugFile.size()), "debug")));
  return std::unique_ptr<ELFObjectFileBase>(
      cast<ELFObjectFileBase>(file.release()));
}

/// Frames, exception tables and the index of frames, by function.
class UnwindReader {
public:
  UnwindReader(const ELFObjectFileBase &file, const FinalSymbols &symbols,
               Extents &extents)
      : file(file), symbols(symbols), extents(extents) {}

  void read() {
    std::optional<ELFSectionRef> frames, tables;
    for (ELFSectionRef section : file.sections()) {
      StringRef name = nameOf(section);
      if (section.getSize() == 0)
        continue;
      if (name == ".eh_frame")
        frames = section;
      else if (name == ".gcc_except_table")
        tables = section;
      else if (name == ".eh_frame_hdr")
        addIndex(section);
    }
    if (frames)
      addFrames(*frames, tables);
  }

  /// A word of the table, or two more if there are exceptions to catch, is a function's.
  void read(const UnwindInfo &info, std::uint64_t address) {
    std::uint64_t end = 0;
    auto addUpTo = [&](std::uint64_t offset) {
      if (end < offset)
        add(address + end, offset - end, "");
    };
    for (const UnwindInfo::Piece &piece : info.pieces) {
      addUpTo(piece.offset);
      add(address + piece.offset, piece.size, functionAt(piece.function));
      end = piece.offset + piece.size;
    }
    addUpTo(info.bytes.size());
  }

private:
  std::string functionAt(std::uint64_t address) const {
    auto it = symbols.named.find(address);
    return it == symbols.named.end() ? "" : it->second;
  }
  void add(std::uint64_t address, std::uint64_t size, std::string function) {
    const char *module = function.empty() ? kUnwindTables.data() : nullptr;
    extents.try_emplace(address,
                        Extent{size, "unwind", std::move(function), module});
  }

  /// A header of 12 bytes, then sorted pairs of function and frame, relative to
  /// the section (LSB, section 10.6.2, as lld writes it).
  void addIndex(const ELFSectionRef &section) {
    constexpr unsigned kHeader = 12, kEntry = 8;
    Expected<StringRef> bytes = section.getContents();
    if (!bytes)
      return consumeError(bytes.takeError());
    std::uint64_t address = section.getAddress();
    add(address, std::min<std::uint64_t>(bytes->size(), kHeader), "");
    for (std::uint64_t at = kHeader; at + kEntry <= bytes->size(); at += kEntry)
      add(address + at, kEntry,
          functionAt(address +
                     static_cast<std::int64_t>(static_cast<std::int32_t>(
                         support::endian::read32le(bytes->data() + at)))));
  }

  void addFrames(const ELFSectionRef &frames,
                 const std::optional<ELFSectionRef> &tables) {
    std::unique_ptr<DWARFContext> context = DWARFContext::create(file);
    Expected<const DWARFDebugFrame *> parsed = context->getEHFrame();
    if (!parsed)
      return consumeError(parsed.takeError());
    constexpr unsigned kLengthField = 4;
    std::map<std::uint64_t, std::string> tableOf; // exception tables by address
    for (const dwarf::FrameEntry &entry : (*parsed)->entries()) {
      std::string function;
      if (const auto *frame = dyn_cast<dwarf::FDE>(&entry)) {
        function = functionAt(frame->getInitialLocation());
        if (frame->getLSDAAddress())
          tableOf[*frame->getLSDAAddress()] = function;
      }
      add(frames.getAddress() + entry.getOffset(),
          entry.getLength() + kLengthField, function);
    }
    if (!tables)
      return;
    // An exception table reaches to the next.
    std::uint64_t end = tables->getAddress() + tables->getSize();
    for (auto it = tableOf.begin(); it != tableOf.end(); ++it) {
      auto next = std::next(it);
      add(it->first, (next == tableOf.end() ? end : next->first) - it->first,
          it->second);
    }
  }

  const ELFObjectFileBase &file;
  const FinalSymbols &symbols;
  Extents &extents;
};

/// Calls back with each input section in lld's map, where it has a line:
///
///   VMA LMA Size Align file:(section)
void eachSection(StringRef map,
                 function_ref<void(std::uint64_t address, std::uint64_t size,
                                   StringRef name)>
                     action) {
  while (!map.empty()) {
    StringRef line;
    std::tie(line, map) = map.split('\n');
    std::size_t at = line.find(":(.");
    if (at == StringRef::npos || !line.ends_with(")"))
      continue;
    SmallVector<StringRef, 5> columns;
    line.take_front(at).split(columns, ' ', -1, /*KeepEmpty=*/false);
    std::uint64_t address, size;
    if (columns.size() >= 4 && !columns[0].getAsInteger(16, address) &&
        !columns[2].getAsInteger(16, size) && size != 0)
      action(address, size, line.drop_back().substr(at + strlen(":(")));
  }
}

bool isDescriptorTable(StringRef symbol) {
  return symbol == "__ampoule_idt" || symbol.contains("ampoule_gdt");
}

Extents readExtents(const image::Image &image, const FinalSymbols &symbols,
                    const UnwindInfo &unwindInfo) {
  Extents extents;
  for (auto &[address, name] : symbols.named) {
    const FinalSymbols::Symbol &symbol = symbols.table.find(name)->second;
    if (isDescriptorTable(name))
      extents[address] = {symbol.size, "table", name, "descriptor tables"};
    else
      extents[address] = {symbol.size, symbol.isCode ? "code" : "data", name};
  }
  std::unique_ptr<ELFObjectFileBase> file = debugTwin(image);
  UnwindReader reader(*file, symbols, extents);
  reader.read();
  reader.read(unwindInfo, image.linked.symbol(kUnwindInfo));
  for (auto &[address, table] : symbols.jumpTables)
    extents.try_emplace(address, Extent{table.size, "data", table.function});
  for (ELFSectionRef section : file->sections())
    if (section.getSize() != 0) {
      if (nameOf(section) == ".note")
        extents.try_emplace(section.getAddress(),
                            Extent{section.getSize(), "data", "", "notes"});
      else if (nameOf(section) == ".init_array")
        extents.try_emplace(
            section.getAddress(),
            Extent{section.getSize(), "data", "", "constructor table"});
    }
  return extents;
}

/// Labels the bytes of segments.
class Labeller {
public:
  Labeller(Report &report, const Extents &extents, const image::Image &image,
           function_ref<std::string(StringRef)> moduleOf)
      : report(report), extents(extents), tables(image.tables.root),
        tablesEnd(tables + image.tables.pages.size() * abi::kPageSize),
        moduleOf(moduleOf) {}

  void label(std::uint64_t from, std::uint64_t at, std::uint64_t size,
             bool isCode) {
    offset = from;
    address = at;
    end = at + size;
    // A symbol may begin before this stretch (a run of zeros inside it was not
    // stored).
    auto it = extents.upper_bound(address);
    if (it != extents.begin() &&
        std::prev(it)->first + std::prev(it)->second.size > address)
      --it;
    while (address < end) {
      if (address >= tables && address < tablesEnd) {
        add(tablesEnd, "table", "page tables", "");
        it = extents.lower_bound(address);
        continue;
      }
      if (it == extents.end() || it->first >= end) {
        addUnnamed(address < tables && tables < end ? tables : end, isCode);
        continue;
      }
      if (it->first > address)
        addUnnamed(it->first, isCode);
      const Extent &extent = it->second;
      add(it->first + extent.size, extent.kind,
          extent.module ? extent.module : moduleOf(extent.symbol),
          extent.symbol);
      while (it != extents.end() && it->first < address)
        ++it;
    }
  }

private:
  void add(std::uint64_t to, StringRef kind, StringRef module,
           StringRef symbol) {
    to = std::min(to, end);
    if (to <= address)
      return;
    report.byteMap.push_back(
        {offset, to - address, kind.str(), module.str(), symbol.str()});
    offset += to - address;
    address = to;
  }
  /// Alignment, or constants that several may share.
  void addUnnamed(std::uint64_t to, bool isCode) {
    bool isPadding = isCode || to - address < 16;
    add(to, isPadding ? "padding" : "data", isPadding ? "" : "constants", "");
  }

  Report &report;
  const Extents &extents;
  std::uint64_t tables, tablesEnd;
  function_ref<std::string(StringRef)> moduleOf;
  std::uint64_t offset = 0, address = 0, end = 0;
};

std::string describe(image::Access access) {
  return access.write ? "rw-" : access.execute ? "r-x" : "r--";
}

} // namespace

FinalSymbols readSymbols(const image::Image &image, StringRef sections) {
  FinalSymbols symbols;
  std::map<std::uint64_t, StringRef> unsizedAt; // keys of the table
  std::unique_ptr<ELFObjectFileBase> file = debugTwin(image);
  eachSymbol(*file, [&](const ELFSymbolRef &symbol, StringRef name,
                        std::uint64_t address) {
    std::uint64_t size = symbol.getSize();
    auto entry = symbols.table.insert_or_assign(
        name, FinalSymbols::Symbol{address, size,
                                   symbol.getELFType() == ELF::STT_FUNC});
    if (size == 0)
      unsizedAt.try_emplace(address, entry.first->getKey());
    if (size == 0 || symbol.getELFType() == ELF::STT_TLS)
      return;
    auto [it, isNew] = symbols.named.try_emplace(address, name.str());
    if (!isNew && symbols.table[it->second].size < size)
      it->second = name.str();
  });
  eachSection(sections,
              [&](std::uint64_t address, std::uint64_t size, StringRef name) {
                if (name.consume_front(".rodata.")) {
                  if (symbols.table.contains(name))
                    symbols.jumpTables[address] = {size, name.str()};
                  return;
                }
                // Assembly that does not say .size has its section's.
                auto it = unsizedAt.find(address);
                if (it != unsizedAt.end() && name.starts_with(".text") &&
                    symbols.named.try_emplace(address, it->second.str()).second)
                  symbols.table[it->second] = {address, size, /*isCode=*/true};
              });
  return symbols;
}

void measureImage(Report &report, const image::Image &image,
                  const FinalSymbols &symbols, const UnwindInfo &unwindInfo,
                  const BytesBefore &before) {
  report.buildId = image.buildId;
  report.before = before.byModule;
  Explanation &explanation = report.explanation;
  StringMap<unsigned> nodeOf = findDefinitions(explanation.graph);
  auto moduleOf = [&](StringRef symbol) -> std::string {
    auto it = nodeOf.find(symbol);
    return it == nodeOf.end() ? "native runtime"
                              : explanation.graph[it->second].module;
  };
  Extents extents = readExtents(image, symbols, unwindInfo);
  Labeller labeller(report, extents, image, moduleOf);

  StringRef bytes(image.file.data(), image.file.size());
  ELFFile<ELF64LE> elf = cantFail(ELFFile<ELF64LE>::create(bytes));
  ELF64LE::PhdrRange headers = cantFail(elf.program_headers());
  std::vector<ELF64LE::Phdr> loads;
  for (const ELF64LE::Phdr &entry : headers)
    if (entry.p_type == ELF::PT_LOAD && entry.p_memsz != 0)
      loads.push_back(entry);
  sort(loads, [](const ELF64LE::Phdr &a, const ELF64LE::Phdr &b) {
    return a.p_offset < b.p_offset;
  });
  std::uint64_t at =
      elf.getHeader().e_phoff + headers.size() * sizeof(ELF64LE::Phdr);
  report.byteMap.push_back({0, at, "header", "ELF headers", ""});
  for (const ELF64LE::Phdr &entry : loads) {
    report.segments.push_back(
        {entry.p_vaddr, entry.p_offset, entry.p_filesz, entry.p_memsz});
    std::uint64_t end = entry.p_offset + entry.p_filesz;
    if (end <= at)
      continue;
    if (entry.p_offset > at)
      report.byteMap.push_back({at, entry.p_offset - at, "padding", "", ""});
    // A loader that maps the headers with the text (Linux) makes them overlap.
    std::uint64_t start = std::max<std::uint64_t>(at, entry.p_offset);
    labeller.label(start, entry.p_vaddr + (start - entry.p_offset), end - start,
                   entry.p_flags & ELF::PF_X);
    at = end;
  }
  if (at < bytes.size())
    report.byteMap.push_back({at, bytes.size() - at, "padding", "", ""});

  std::uint64_t boot = image.linked.symbol("__ampoule_boot_start"),
                text = image.linked.symbol("__ampoule_text_start");
  for (const image::Mapping &mapping : image.mappings) {
    if (mapping.address == text && boot != 0)
      report.memory.push_back({boot, text - boot, "---", "boot code, gone"});
    report.memory.push_back({mapping.address, mapping.size,
                             describe(mapping.access), mapping.purpose.str()});
  }
  if (image.mappings.empty()) // Linux maps what the program headers say
    for (const ELF64LE::Phdr &entry : loads) {
      std::uint64_t from = entry.p_vaddr & -abi::kPageSize;
      report.memory.push_back(
          {from, alignTo(entry.p_vaddr + entry.p_memsz, abi::kPageSize) - from,
           describe({(entry.p_flags & ELF::PF_W) != 0,
                     (entry.p_flags & ELF::PF_X) != 0}),
           "segment"});
    }

  std::size_t count = explanation.graph.nodes.size();
  explanation.sizes.assign(count, 0);
  explanation.before.assign(count, 0);
  for (const ByteMapEntry &entry : report.byteMap)
    if (auto it = nodeOf.find(entry.symbol); it != nodeOf.end())
      explanation.sizes[it->second] += entry.size;
  for (const auto &[symbol, size] : before.bySymbol)
    if (auto it = nodeOf.find(symbol); it != nodeOf.end())
      explanation.before[it->second] += size;
}

} // namespace ampoule::linker
