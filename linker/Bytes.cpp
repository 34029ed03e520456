// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "linker/Bytes.h"
#include "linker/CallChecks.h"
#include "linker/Codegen.h"
#include "linker/Optimise.h"

#include "llvm/BinaryFormat/ELF.h"
#include "llvm/Transforms/Utils/Cloning.h"

using namespace llvm;
using namespace llvm::object;

namespace ampoule::linker {
namespace {

/// On a definition: its bytes, decimal.
constexpr StringLiteral kBytesAttribute = "ampoule-bytes";
/// As `-Oz` and `-O2` have it; functions say themselves that they are small.
constexpr unsigned kLevel = 2;
/// The module of what belongs to several.
constexpr StringLiteral kShared = "constants";

struct Bytes {
  StringMap<std::uint64_t> bySymbol;
  /// Constants that several definitions may use, and what frames share.
  std::uint64_t shared = 0;
};

/// Of an object whose functions stand in sections of their own.
class ObjectReader {
public:
  explicit ObjectReader(const ELFObjectFileBase &object) : object(object) {}

  Bytes read() {
    eachSymbol(object,
               [&](const ELFSymbolRef &symbol, StringRef name, std::uint64_t) {
                 Expected<section_iterator> section = symbol.getSection();
                 if (section && *section != object.section_end() &&
                     !name.empty() && symbol.getELFType() != ELF::STT_SECTION) {
                   symbolOf.try_emplace((*section)->getIndex(), name);
                   defined.insert(name);
                   if (isMerged(**section))
                     addMerged((*section)->getIndex(), name, symbol.getSize());
                 }
                 consumeError(section ? Error::success() : section.takeError());
               });
    for (ELFSectionRef section : object.sections())
      if (section.getFlags() & ELF::SHF_ALLOC && !section.isVirtual()) {
        if (nameOf(section) == ".eh_frame")
          readFrames(section);
        else if (isMerged(section))
          add("", section.getSize() - merged.lookup(section.getIndex()));
        else
          add(ownerOf(section), section.getSize());
      }
    return std::move(bytes);
  }

private:
  void add(StringRef symbol, std::uint64_t size) {
    (symbol.empty() ? bytes.shared : bytes.bySymbol[symbol]) += size;
  }

  /// Constants of several definitions, each with a size, in one section.
  static bool isMerged(const ELFSectionRef &section) {
    return section.getFlags() & ELF::SHF_MERGE;
  }
  void addMerged(std::uint64_t section, StringRef symbol, std::uint64_t size) {
    merged[section] += size;
    add(symbol, size);
  }

  StringRef ownerOf(const ELFSectionRef &section) const {
    StringRef name = nameOf(section);
    // Exception tables and jump tables are named after their function.
    for (StringRef prefix : {".gcc_except_table.", ".rodata."})
      if (name.consume_front(prefix) && defined.contains(name))
        return name;
    return symbolOf.lookup(section.getIndex());
  }

  /// Function by the offset of the relocation that refers to it.
  DenseMap<std::uint64_t, StringRef> functionsIn(const ELFSectionRef &frames) {
    DenseMap<std::uint64_t, StringRef> functions;
    for (const SectionRef &section : object.sections()) {
      Expected<section_iterator> target = section.getRelocatedSection();
      if (!target || *target == object.section_end() ||
          static_cast<const SectionRef &>(**target) != frames) {
        consumeError(target ? Error::success() : target.takeError());
        continue;
      }
      for (const RelocationRef &relocation : section.relocations()) {
        symbol_iterator symbol = relocation.getSymbol();
        if (symbol == object.symbol_end())
          continue;
        Expected<section_iterator> owner = symbol->getSection();
        if (owner && *owner != object.section_end())
          functions[relocation.getOffset()] =
              symbolOf.lookup((*owner)->getIndex());
        consumeError(owner ? Error::success() : owner.takeError());
      }
    }
    return functions;
  }

  /// An entry: length, identification, place of its function (LSB, section
  /// 10.6.1).
  void readFrames(const ELFSectionRef &frames) {
    constexpr unsigned kLengthField = 4, kPlace = 8;
    DenseMap<std::uint64_t, StringRef> functions = functionsIn(frames);
    Expected<StringRef> text = frames.getContents();
    if (!text)
      return consumeError(text.takeError());
    for (std::uint64_t at = 0; at + kLengthField <= text->size();) {
      std::uint64_t size =
          support::endian::read32le(text->data() + at) + kLengthField;
      add(functions.lookup(at + kPlace), size);
      at += size;
    }
  }

  const ELFObjectFileBase &object;
  DenseMap<std::uint64_t, StringRef> symbolOf;   ///< by section
  DenseMap<std::uint64_t, std::uint64_t> merged; ///< bytes by section
  StringSet<> defined;
  Bytes bytes;
};

/// What becomes of a module's definitions; the module is used up.
Bytes generate(std::unique_ptr<llvm::Module> module) {
  std::unique_ptr<TargetMachine> machine = createTargetMachine(kLevel);
  dropCallChecks(*module);
  // Lowers what code generation does not know, and no more.
  optimise(*module, *machine, 0, [](StringRef) { return true; });
  nameConstants(*module);
  SmallString<0> object;
  emitObject(*module, *machine, object);
  std::unique_ptr<ObjectFile> file = cantFail(
      ObjectFile::createELFObjectFile(MemoryBufferRef(object, "unpruned")));
  return ObjectReader(*cast<ELFObjectFileBase>(file.get())).read();
}

Attribute recordOf(const GlobalValue &value) {
  const GlobalObject *object = value.getAliaseeObject();
  if (const auto *function = dyn_cast_or_null<Function>(object))
    return function->getFnAttribute(kBytesAttribute);
  if (const auto *variable = dyn_cast_or_null<GlobalVariable>(object))
    return variable->getAttribute(kBytesAttribute);
  return Attribute();
}

} // namespace

StringRef nameOf(const ELFSectionRef &section) {
  Expected<StringRef> name = section.getName();
  if (name)
    return *name;
  consumeError(name.takeError());
  return "";
}

void eachSymbol(const ELFObjectFileBase &file,
                function_ref<void(const ELFSymbolRef &, StringRef name,
                                  std::uint64_t address)>
                    action) {
  for (const ELFSymbolRef &symbol : file.symbols()) {
    Expected<StringRef> name = symbol.getName();
    Expected<std::uint64_t> address = symbol.getAddress();
    if (name && address)
      action(symbol, *name, *address);
    consumeError(name ? Error::success() : name.takeError());
    consumeError(address ? Error::success() : address.takeError());
  }
}

void recordBytes(llvm::Module &module) {
  Bytes bytes = generate(CloneModule(module));
  for (GlobalObject &object : module.global_objects()) {
    auto it = bytes.bySymbol.find(object.getName());
    if (object.isDeclaration() || it == bytes.bySymbol.end())
      continue;
    std::string text = utostr(it->second);
    if (auto *function = dyn_cast<Function>(&object))
      function->addFnAttr(kBytesAttribute, text);
    else if (auto *variable = dyn_cast<GlobalVariable>(&object))
      variable->addAttribute(kBytesAttribute, text);
  }
}

void dropRecordedBytes(Program &program) {
  for (Function &function : *program.module)
    function.removeFnAttr(kBytesAttribute);
  for (GlobalVariable &variable : program.module->globals())
    if (variable.hasAttribute(kBytesAttribute))
      variable.setAttributes(variable.getAttributes().removeAttribute(
          program.context, kBytesAttribute));
}

BytesBefore measureBefore(const Program &program) {
  BytesBefore result;
  auto add = [&](StringRef symbol, std::uint64_t size) {
    const GlobalValue *value = program.module->getNamedValue(symbol);
    auto it = program.moduleOfOrigin.find(value ? originOf(*value) : "");
    result.byModule[it == program.moduleOfOrigin.end() ? kShared.str()
                                                       : it->second] += size;
    result.bySymbol[symbol] += size;
  };
  for (const GlobalObject &object : program.module->global_objects())
    if (std::uint64_t size;
        to_integer(recordOf(object).getValueAsString(), size))
      add(object.getName(), size);
  ValueToValueMapTy map;
  Bytes own =
      generate(CloneModule(*program.module, map, [](const GlobalValue *value) {
        return !recordOf(*value).isValid();
      }));
  for (const auto &[symbol, size] : own.bySymbol)
    add(symbol, size);
  result.byModule[kShared.str()] += own.shared;
  for (const InputFile *file : program.natives) {
    Bytes native = ObjectReader(*file->native).read();
    std::uint64_t &total = result.byModule[file->module];
    total += native.shared;
    for (const auto &[symbol, size] : native.bySymbol) {
      result.bySymbol[symbol] += size;
      total += size;
    }
  }
  return result;
}

} // namespace ampoule::linker
