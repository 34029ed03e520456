// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Builds the byte map from the finished file and from the symbol table of its
// debug twin. Every byte of the file gets exactly one label:
//
//   header   ELF and program headers
//   code     of a function
//   data     of a variable, constant or exception table
//   table    page tables and descriptor tables
//   padding  between any of these
#include "linker/Report.h"
#include "linker/Optimise.h"

#include "llvm/BinaryFormat/ELF.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/Object/ELFObjectFile.h"
#include "llvm/Transforms/Utils/Cloning.h"

using namespace llvm;
using namespace llvm::object;

namespace ampoule::linker {
namespace {

unsigned countDefinitions(const llvm::Module &module) {
  return count_if(module.global_objects(), [](const GlobalObject &object) {
    return !object.isDeclaration() && !isIntrinsicVariable(object);
  });
}

std::string moduleOf(const Program &program, const GlobalValue &value) {
  auto it = program.moduleOfOrigin.find(originOf(value));
  return it == program.moduleOfOrigin.end() ? "program" : it->second;
}

constexpr StringLiteral kUnwindTables = "unwind tables";

bool isUnwindTable(StringRef section) {
  return section.starts_with(".eh_frame") ||
         section.starts_with(".gcc_except_table");
}

/// Bytes of the allocated sections of an object, by owner.
void addObjectSizes(const ELF64LEObjectFile &object, StringRef fallback,
                    function_ref<std::string(StringRef)> ownerOfSymbol,
                    std::map<std::string, std::uint64_t> &sizes) {
  DenseMap<std::uint64_t, std::string> ownerOfSection;
  for (ELFSymbolRef symbol : object.symbols()) {
    if (symbol.getELFType() == ELF::STT_SECTION)
      continue;
    Expected<section_iterator> section = symbol.getSection();
    Expected<StringRef> name = symbol.getName();
    if (section && name && *section != object.section_end() && !name->empty())
      ownerOfSection.try_emplace((*section)->getIndex(),
                                 ownerOfSymbol(*name));
    consumeError(section ? Error::success() : section.takeError());
    consumeError(name ? Error::success() : name.takeError());
  }
  for (ELFSectionRef section : object.sections()) {
    if (!(section.getFlags() & ELF::SHF_ALLOC) || section.isVirtual())
      continue;
    auto it = ownerOfSection.find(section.getIndex());
    Expected<StringRef> name = section.getName();
    if (it != ownerOfSection.end())
      sizes[it->second] += section.getSize();
    else if (name && isUnwindTable(*name))
      sizes[kUnwindTables.str()] += section.getSize();
    else
      sizes[fallback.str()] += section.getSize();
    consumeError(name ? Error::success() : name.takeError());
  }
}

struct Extent {
  std::uint64_t size;
  bool isCode;
  std::string symbol;
  bool isSection = false;
};

/// The image as the final link wrote it, with symbols.
std::unique_ptr<ELFObjectFileBase> debugTwin(const image::Image &image) {
  std::unique_ptr<ObjectFile> file = cantFail(ObjectFile::createELFObjectFile(
      MemoryBufferRef(StringRef(image.debugFile.data(), image.debugFile.size()),
                      "debug")));
  return std::unique_ptr<ELFObjectFileBase>(
      cast<ELFObjectFileBase>(file.release()));
}

/// Symbols of the debug twin by address; of several the longest.
std::map<std::uint64_t, Extent> readExtents(const image::Image &image) {
  std::map<std::uint64_t, Extent> extents;
  std::unique_ptr<ELFObjectFileBase> file = debugTwin(image);
  for (ELFSymbolRef symbol : file->symbols()) {
    if (symbol.getSize() == 0 || symbol.getELFType() == ELF::STT_TLS)
      continue;
    Expected<StringRef> name = symbol.getName();
    Expected<std::uint64_t> address = symbol.getAddress();
    if (!name || !address) {
      consumeError(name ? Error::success() : name.takeError());
      consumeError(address ? Error::success() : address.takeError());
      continue;
    }
    Extent extent{symbol.getSize(), symbol.getELFType() == ELF::STT_FUNC,
                  name->str()};
    auto [it, isNew] = extents.try_emplace(*address, extent);
    if (!isNew && it->second.size < extent.size)
      it->second = extent;
  }
  // Unwind tables have no symbols of their own.
  for (ELFSectionRef section : file->sections()) {
    Expected<StringRef> name = section.getName();
    if (!name) {
      consumeError(name.takeError());
      continue;
    }
    if (*name == ".eh_frame" || *name == ".eh_frame_hdr" ||
        *name == ".gcc_except_table" || *name == ".note" ||
        *name == ".init_array")
      if (section.getSize() != 0)
        extents.try_emplace(section.getAddress(),
                            Extent{section.getSize(), false, name->str(), true});
  }
  return extents;
}

std::string ownerOf(const Report &report, StringRef symbol) {
  auto it = report.moduleOfSymbol.find(symbol.str());
  if (it != report.moduleOfSymbol.end())
    return it->second;
  if (isUnwindTable(symbol))
    return kUnwindTables.str();
  if (symbol == ".note")
    return "notes";
  return "native runtime";
}

/// Labels [address, address + size) of memory, stored at `offset`.
void labelSegment(Report &report, const std::map<std::uint64_t, Extent> &extents,
                  const image::Image &image, std::uint64_t offset,
                  std::uint64_t address, std::uint64_t size, bool isCode) {
  std::uint64_t end = address + size;
  std::uint64_t tables = image.tables.root;
  std::uint64_t tablesEnd = tables + image.tables.pages.size() * 4096;
  auto add = [&](std::uint64_t to, StringRef kind, StringRef module,
                 StringRef symbol) {
    to = std::min(to, end);
    if (to <= address)
      return;
    report.byteMap.push_back({offset, to - address, kind.str(), module.str(),
                              symbol.str()});
    offset += to - address;
    address = to;
  };
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
      std::uint64_t stop = address < tables && tables < end ? tables : end;
      add(stop, isCode ? "padding" : "data", isCode ? "" : "constants", "");
      continue;
    }
    if (it->first > address)
      // Between named symbols lie alignment (code) and unnamed constants.
      add(it->first, isCode || it->first - address < 16 ? "padding" : "data",
          isCode || it->first - address < 16 ? "" : "constants", "");
    const Extent &extent = it->second;
    bool isTable = extent.symbol == "__ampoule_idt" ||
                   StringRef(extent.symbol).contains("ampoule_gdt");
    add(it->first + extent.size,
        isTable ? "table" : extent.isCode ? "code" : "data",
        isTable ? "descriptor tables" : ownerOf(report, extent.symbol),
        extent.symbol);
    ++it;
    while (it != extents.end() && it->first < address)
      ++it;
  }
}

} // namespace

Report beginReport(const Program &program, const SymbolTable &symbols,
                   const Config &config) {
  Report report;
  report.target = config.target == Target::Xen ? "xen" : "linux";
  report.virtualsKept = program.virtualsKept;
  report.definitionsBefore = countDefinitions(*program.module);
  for (const InputFile *file : program.natives)
    for (ELFSymbolRef symbol : file->native->symbols()) {
      Expected<StringRef> name = symbol.getName();
      if (!name)
        consumeError(name.takeError());
      else if (symbol.getELFType() != ELF::STT_FILE && !name->empty())
        report.moduleOfSymbol.try_emplace(name->str(), file->module);
    }
  if (!config.measure)
    return report;
  std::unique_ptr<llvm::Module> whole = CloneModule(*program.module);
  std::unique_ptr<TargetMachine> machine = createTargetMachine(0);
  // Lowers what code generation does not know, and no more.
  optimise(*whole, *machine, 0, [](StringRef) { return true; });
  SmallString<0> bytes;
  raw_svector_ostream os(bytes);
  legacy::PassManager passes;
  machine->addPassesToEmitFile(passes, os, nullptr,
                               CodeGenFileType::ObjectFile);
  passes.run(*whole);
  StringMap<std::string> owners;
  for (const GlobalValue &value : program.module->global_values())
    owners[value.getName()] = moduleOf(program, value);
  if (auto object = ObjectFile::createELFObjectFile(
          MemoryBufferRef(bytes, "unpruned")))
    addObjectSizes(
        *cast<ELF64LEObjectFile>(object->get()), "constants",
        [&](StringRef name) {
          auto it = owners.find(name);
          return it == owners.end() ? std::string("constants") : it->second;
        },
        report.before);
  else
    consumeError(object.takeError());
  for (const InputFile *file : program.natives)
    addObjectSizes(
        *file->native, file->module,
        [&](StringRef) { return file->module; }, report.before);
  return report;
}

void recordModules(Report &report, std::vector<std::string> started) {
  report.startedModules = std::move(started);
}

void recordOwners(Report &report, const Program &program) {
  report.definitionsAfter = countDefinitions(*program.module);
  for (const GlobalValue &value : program.module->global_values()) {
    if (value.isDeclaration())
      continue;
    report.moduleOfSymbol[value.getName().str()] = moduleOf(program, value);
  }
}

void recordUnimplemented(Report &report, const Program &program) {
  for (const Function &function : *program.module)
    if (!function.isDeclaration() &&
        originOf(function) == kUnimplementedOrigin)
      report.unimplemented.push_back(
          function.getName().drop_front(StringRef("sys_").size()).str());
  sort(report.unimplemented);
}

void finishReport(Report &report, const image::Image &image,
                  const Config &config) {
  report.buildId = image.buildId;
  std::map<std::uint64_t, Extent> extents = readExtents(image);
  StringRef bytes(image.file.data(), image.file.size());
  Expected<ELFFile<ELF64LE>> elf = ELFFile<ELF64LE>::create(bytes);
  if (!elf) {
    consumeError(elf.takeError());
    return;
  }
  Expected<ELF64LE::PhdrRange> headers = elf->program_headers();
  if (!headers) {
    consumeError(headers.takeError());
    return;
  }
  std::vector<ELF64LE::Phdr> loads;
  for (const ELF64LE::Phdr &entry : *headers)
    if (entry.p_type == ELF::PT_LOAD && entry.p_filesz != 0)
      loads.push_back(entry);
  sort(loads, [](const ELF64LE::Phdr &a, const ELF64LE::Phdr &b) {
    return a.p_offset < b.p_offset;
  });
  std::uint64_t at = 0;
  std::uint64_t headerEnd =
      elf->getHeader().e_phoff + headers->size() * sizeof(ELF64LE::Phdr);
  report.byteMap.push_back({0, headerEnd, "header", "ELF headers", ""});
  at = headerEnd;
  for (const ELF64LE::Phdr &entry : loads) {
    std::uint64_t end = entry.p_offset + entry.p_filesz;
    if (end <= at)
      continue;
    if (entry.p_offset > at)
      report.byteMap.push_back(
          {at, entry.p_offset - at, "padding", "", ""});
    // A loader that maps the headers with the text (Linux) makes them overlap.
    std::uint64_t start = std::max<std::uint64_t>(at, entry.p_offset);
    labelSegment(report, extents, image, start,
                 entry.p_vaddr + (start - entry.p_offset), end - start,
                 entry.p_flags & ELF::PF_X);
    at = end;
  }
  if (at < bytes.size())
    report.byteMap.push_back({at, bytes.size() - at, "padding", "", ""});
}

FinalSymbols readSymbols(const image::Image &image) {
  FinalSymbols symbols;
  for (auto &[address, extent] : readExtents(image))
    if (!extent.isSection)
      symbols.named[address] = extent.symbol;
  std::unique_ptr<ELFObjectFileBase> file = debugTwin(image);
  for (const ELFSymbolRef &symbol : file->symbols()) {
    Expected<StringRef> name = symbol.getName();
    Expected<std::uint64_t> address = symbol.getAddress();
    if (name && address)
      symbols.table[*name] = {*address, symbol.getSize(),
                              symbol.getELFType() == ELF::STT_FUNC};
    consumeError(name ? Error::success() : name.takeError());
    consumeError(address ? Error::success() : address.takeError());
  }
  return symbols;
}

namespace {

json::Object toJson(const Report &report) {
  json::Array map;
  std::uint64_t total = 0;
  for (const ByteMapEntry &entry : report.byteMap) {
    map.push_back(json::Object{{"offset", entry.offset},
                               {"size", entry.size},
                               {"kind", entry.kind},
                               {"module", entry.module},
                               {"symbol", entry.symbol}});
    total += entry.size;
  }
  std::map<std::string, std::uint64_t> after;
  for (const ByteMapEntry &entry : report.byteMap)
    if (entry.kind == "code" || entry.kind == "data")
      after[entry.module] += entry.size;
  json::Object modules;
  std::set<std::string> names;
  for (auto &[name, size] : report.before)
    names.insert(name);
  for (auto &[name, size] : after)
    names.insert(name);
  for (const std::string &name : names) {
    json::Object sizes;
    if (auto it = report.before.find(name); it != report.before.end())
      sizes["before"] = it->second;
    auto it = after.find(name);
    sizes["after"] = it == after.end() ? 0 : it->second;
    modules[name] = std::move(sizes);
  }
  return json::Object{
      {"schema", 2},
      {"buildId", report.buildId},
      {"target", report.target},
      {"fileSize", total},
      {"definitions", json::Object{{"before", report.definitionsBefore},
                                   {"after", report.definitionsAfter}}},
      {"startedModules", json::Array(report.startedModules)},
      {"unimplementedSystemCalls", json::Array(report.unimplemented)},
      {"virtualFunctionsKeptBecause", json::Array(report.virtualsKept)},
      {"cpuFeatures", json::Array(report.features)},
      {"modules", std::move(modules)},
      {"byteMap", std::move(map)}};
}

} // namespace

void writeJson(const Report &report, raw_ostream &os) {
  json::OStream json(os, 2);
  json::Object head = toJson(report);
  json.object([&] {
    for (const json::Object::value_type *entry : json::sortedElements(head))
      json.attribute(entry->first, entry->second);
    json.attributeObject("graph", [&] { write(report.explanation, json); });
  });
  os << '\n';
}

} // namespace ampoule::linker
