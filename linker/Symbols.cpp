// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Symbol resolution after lld's ELF port. Each file is read once, in command
// line order; a name moves from Undefined or Lazy to Common or Defined:
//
//   existing \ incoming   undefined      lazy        common       defined
//   undefined             keep           load it*    replace      replace
//   lazy                  load it*       keep        replace      replace
//   common                keep           keep        larger wins  replace if
//   strong defined weak          keep           keep        replace replace if
//   strong defined strong        keep           keep        keep duplicate
//
//   *  not for a weak reference: it never loads a member
//
// A COMDAT group is taken from the first file that has it, whatever kind of
// file that is; its other copies count as references.
#include "linker/Symbols.h"
#include "linker/Diag.h"

#include "llvm/BinaryFormat/Magic.h"
#include "llvm/Demangle/Demangle.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Regex.h"
#include "llvm/Support/StringSaver.h"

using namespace llvm;
using namespace llvm::object;

namespace ampoule::linker {
namespace {

class Resolver {
public:
  Resolver(const Config &config, Diag &diag, SymbolTable &out)
      : config(config), diag(diag), out(out), saver(allocator()) {}

  void addSpec(const InputSpec &spec);
  Symbol *addUndefined(StringRef name, bool weak, InputFile *file);
  void addAbsolute(StringRef name);
  void checkWrap();

private:
  static BumpPtrAllocator &allocator() {
    static BumpPtrAllocator storage;
    return storage;
  }
  Symbol *insert(StringRef name);
  StringRef referenceName(StringRef name);
  void addDefined(StringRef name, bool weak, InputFile *file, Symbol *&slot);
  void addCommon(StringRef name, std::uint64_t size, std::uint64_t align,
                 InputFile *file, Symbol *&slot);
  void addLazy(StringRef name, InputArchive *archive, std::uint64_t offset,
               InputFile *lazyFile);
  void load(Symbol &lazy);
  void loadFile(InputFile &file);
  void loadBitcode(InputFile &file);
  void loadNative(InputFile &file);
  void markDiscardedGroups(InputFile &file);
  void addArchive(MemoryBufferRef buffer, const InputSpec &spec,
                  StringRef path);
  void addLazyFile(InputFile &file);
  InputFile *memberFile(InputArchive &archive, const Archive::Child &child);

  const Config &config;
  Diag &diag;
  SymbolTable &out;
  StringSaver saver;
  StringSet<> comdats;
};

/// The file's name; an archive's without suffix. What a driver compiled for
/// this link only has a name in the temporary directory, main-1a2b3c.o: it is
/// called main.o, the same in every run.
std::string moduleName(StringRef path) {
  StringRef file = sys::path::filename(path);
  if (file.consume_back(".a") || file.consume_back(".so"))
    return file.str();
  SmallString<128> temporary;
  sys::path::system_temp_directory(/*ErasedOnReboot=*/true, temporary);
  static const Regex pattern("^(.*)-[0-9a-f]{6}\\.o$");
  SmallVector<StringRef, 2> parts;
  if (sys::path::parent_path(path) == temporary && pattern.match(file, &parts))
    return (parts[1] + ".o").str();
  return file.str();
}

Symbol *Resolver::insert(StringRef name) {
  auto it = out.table.find(name);
  if (it != out.table.end())
    return it->second;
  auto *symbol = new (allocator()) Symbol;
  symbol->name = saver.save(name);
  out.table.insert({symbol->name, symbol});
  return symbol;
}

/// --wrap: a reference to X means __wrap_X, one to __real_X means X.
StringRef Resolver::referenceName(StringRef name) {
  if (config.wrap.empty())
    return name;
  if (is_contained(config.wrap, name))
    return saver.save("__wrap_" + name);
  StringRef real = name;
  if (real.consume_front("__real_") && is_contained(config.wrap, real))
    return saver.save(real);
  return name;
}

Symbol *Resolver::addUndefined(StringRef written, bool weak, InputFile *file) {
  Symbol *symbol = insert(referenceName(written));
  if (!symbol->firstReference)
    symbol->firstReference = file;
  bool isNew = !symbol->referenced;
  symbol->referenced = true;
  switch (symbol->kind) {
  case Symbol::Undefined:
    symbol->weak = isNew ? weak : symbol->weak && weak;
    break;
  case Symbol::Lazy:
    if (weak)
      symbol->weak = true;
    else
      load(*symbol);
    break;
  default:
    break;
  }
  return symbol;
}

void Resolver::addAbsolute(StringRef name) {
  Symbol *symbol = insert(name);
  symbol->kind = Symbol::Absolute;
  symbol->weak = false;
  symbol->file = nullptr;
}

void Resolver::addDefined(StringRef name, bool weak, InputFile *file,
                          Symbol *&slot) {
  Symbol *symbol = insert(name);
  slot = symbol;
  bool replace = true;
  if (symbol->isDefined()) {
    replace = symbol->weak && !weak;
    if (!symbol->weak && !weak && symbol->kind == Symbol::Defined &&
        !config.allowMultipleDefinition)
      diag.error("duplicate symbol: " +
                 (config.demangle ? demangle(name) : name.str()) +
                 "\n>>> defined in " + symbol->file->name +
                 "\n>>> defined in " + file->name);
  } else if (symbol->kind == Symbol::Common) {
    replace = !weak;
  }
  if (!replace)
    return;
  symbol->kind = Symbol::Defined;
  symbol->weak = weak;
  symbol->file = file;
}

void Resolver::addCommon(StringRef name, std::uint64_t size,
                         std::uint64_t align, InputFile *file, Symbol *&slot) {
  Symbol *symbol = insert(name);
  slot = symbol;
  if (symbol->isDefined() && !symbol->weak)
    return;
  if (symbol->kind == Symbol::Common) {
    symbol->commonAlign = std::max(symbol->commonAlign, align);
    if (size > symbol->commonSize) {
      symbol->commonSize = size;
      symbol->file = file;
    }
    return;
  }
  symbol->kind = Symbol::Common;
  symbol->weak = false;
  symbol->file = file;
  symbol->commonSize = size;
  symbol->commonAlign = align;
}

void Resolver::addLazy(StringRef name, InputArchive *archive,
                       std::uint64_t offset, InputFile *lazyFile) {
  Symbol *symbol = insert(name);
  if (symbol->kind != Symbol::Undefined)
    return;
  bool wanted = symbol->referenced && !symbol->weak;
  symbol->kind = Symbol::Lazy;
  symbol->archive = archive;
  symbol->memberOffset = offset;
  symbol->lazyFile = lazyFile;
  if (wanted)
    load(*symbol);
}

InputFile *Resolver::memberFile(InputArchive &archive,
                                const Archive::Child &child) {
  InputFile *&slot = archive.loaded[child.getChildOffset()];
  if (slot)
    return nullptr;
  Expected<StringRef> name = child.getName();
  Expected<MemoryBufferRef> buffer = child.getMemoryBufferRef();
  if (!name || !buffer) {
    Error error = joinErrors(name ? Error::success() : name.takeError(),
                             buffer ? Error::success() : buffer.takeError());
    diag.error(archive.path + ": could not get a member: " +
               printable(toString(std::move(error))));
    return nullptr;
  }
  InputFile &file = out.inputs.files.emplace_back();
  slot = &file;
  file.name = archive.path + "(" + name->str() + ")";
  if (archive.isRuntime)
    file.name = (sys::path::filename(archive.path) + "(" + *name + ")").str();
  file.isRuntime = archive.isRuntime;
  // A member of libos.a is named after its module: "console.ring.o".
  file.module =
      archive.module == "libos" ? name->split('.').first.str() : archive.module;
  file.buffer = *buffer;
  return &file;
}

void Resolver::load(Symbol &lazy) {
  InputArchive *archive = lazy.archive;
  InputFile *lazyFile = lazy.lazyFile;
  std::uint64_t offset = lazy.memberOffset;
  // The member's own symbols decide what this name becomes.
  if (lazy.kind == Symbol::Lazy) {
    lazy.kind = Symbol::Undefined;
    lazy.weak = false;
  }
  lazy.archive = nullptr;
  lazy.lazyFile = nullptr;
  if (lazyFile) {
    if (lazyFile->order == 0)
      loadFile(*lazyFile);
    return;
  }
  // Archives are walked by offset: the index gives no other handle.
  for (const Archive::Symbol &entry : archive->archive->symbols()) {
    Expected<Archive::Child> child = entry.getMember();
    if (!child) {
      diag.error(archive->path + ": could not get the member for '" +
                 printable(entry.getName()) + "': " +
                 printable(toString(child.takeError())));
      return;
    }
    if (child->getChildOffset() != offset)
      continue;
    if (InputFile *file = memberFile(*archive, *child))
      loadFile(*file);
    return;
  }
}

void Resolver::loadFile(InputFile &file) {
  out.loaded.push_back(&file);
  file.order = out.loaded.size();
  if (config.trace)
    outs() << file.name << '\n';
  if (!file.bitcode && !file.native)
    if (Error error = openFile(file)) {
      diag.error(std::move(error));
      out.loaded.pop_back();
      return;
    }
  if (Error error = checkForeign(file)) {
    diag.error(std::move(error));
    return;
  }
  if (file.bitcode)
    loadBitcode(file);
  else
    loadNative(file);
}

void Resolver::loadBitcode(InputFile &file) {
  for (const auto &[name, kind] : file.bitcode->getComdatTable())
    file.discardedComdats.push_back(kind != Comdat::NoDeduplicate &&
                                    !comdats.insert(name).second);
  // Definitions first: a reference may load a member that refers back.
  ArrayRef<lto::InputFile::Symbol> symbols = file.bitcode->symbols();
  file.symbols.resize(symbols.size());
  auto isDiscarded = [&](const lto::InputFile::Symbol &symbol) {
    int index = symbol.getComdatIndex();
    return index != -1 && file.discardedComdats[index];
  };
  for (auto [symbol, slot] : zip(symbols, file.symbols)) {
    if (symbol.isUndefined() || isDiscarded(symbol))
      continue;
    if (symbol.isCommon())
      addCommon(symbol.getName(), symbol.getCommonSize(),
                symbol.getCommonAlignment(), &file, slot);
    else
      addDefined(symbol.getName(), symbol.isWeak(), &file, slot);
    slot->fromBitcode = true;
  }
  for (auto [symbol, slot] : zip(symbols, file.symbols)) {
    if (slot)
      continue;
    slot = addUndefined(symbol.getName(),
                        symbol.isUndefined() && symbol.isWeak(), &file);
    slot->fromBitcode = true;
    slot->discarded |= !symbol.isUndefined();
  }
}

void Resolver::markDiscardedGroups(InputFile &file) {
  const ELFFile<ELF64LE> &elf = file.native->getELFFile();
  Expected<ELF64LE::ShdrRange> sections = elf.sections();
  if (!sections) {
    diag.error(file.name + ": " + toString(sections.takeError()));
    return;
  }
  file.discarded.resize(sections->size());
  for (const ELF64LE::Shdr &section : *sections) {
    if (section.sh_type != ELF::SHT_GROUP)
      continue;
    Expected<ArrayRef<ELF64LE::Word>> words =
        elf.getSectionContentsAsArray<ELF64LE::Word>(section);
    Expected<const ELF64LE::Shdr *> table = elf.getSection(section.sh_link);
    if (!words || !table || words->empty()) {
      consumeError(words ? Error::success() : words.takeError());
      consumeError(table ? Error::success() : table.takeError());
      diag.error(file.name + ": invalid section group");
      continue;
    }
    Expected<const ELF64LE::Sym *> signature =
        elf.getEntry<ELF64LE::Sym>(**table, section.sh_info);
    Expected<StringRef> names = elf.getStringTableForSymtab(**table);
    Expected<StringRef> name =
        signature && names ? (*signature)->getName(*names)
                           : Expected<StringRef>(createStringError("none"));
    if (!name) {
      consumeError(signature ? Error::success() : signature.takeError());
      consumeError(names ? Error::success() : names.takeError());
      consumeError(name.takeError());
      diag.error(file.name + ": invalid section group signature");
      continue;
    }
    if (!((*words)[0] & ELF::GRP_COMDAT) || comdats.insert(*name).second)
      continue;
    for (std::uint32_t index : words->drop_front())
      if (index < file.discarded.size())
        file.discarded[index] = true;
  }
}

void Resolver::loadNative(InputFile &file) {
  markDiscardedGroups(file);
  std::vector<std::pair<const ELF64LE::Sym *, StringRef>> symbols;
  for (ELFSymbolRef reference : file.native->symbols()) {
    Expected<const ELF64LE::Sym *> raw =
        file.native->getSymbol(reference.getRawDataRefImpl());
    Expected<StringRef> name = reference.getName();
    if (!raw || !name) {
      consumeError(raw ? Error::success() : raw.takeError());
      consumeError(name ? Error::success() : name.takeError());
      diag.error(file.name + ": invalid symbol table");
      return;
    }
    symbols.push_back({*raw, *name});
  }
  // symbols() leaves out the null entry; keep ELF's numbering.
  file.symbols.resize(symbols.size() + 1);
  for (std::size_t i = 0; i != symbols.size(); ++i) {
    auto [raw, name] = symbols[i];
    Symbol *&slot = file.symbols[i + 1];
    if (raw->getBinding() == ELF::STB_LOCAL || raw->st_shndx == ELF::SHN_UNDEF)
      continue;
    bool weak = raw->getBinding() == ELF::STB_WEAK;
    if (raw->st_shndx == ELF::SHN_COMMON)
      addCommon(name, raw->st_size, raw->st_value, &file, slot);
    else if (raw->st_shndx < file.discarded.size() &&
             file.discarded[raw->st_shndx])
      continue;
    else
      addDefined(name, weak, &file, slot);
    slot->fromNative = true;
  }
  for (std::size_t i = 0; i != symbols.size(); ++i) {
    auto [raw, name] = symbols[i];
    if (raw->getBinding() == ELF::STB_LOCAL || file.symbols[i + 1] ||
        name.empty())
      continue;
    bool isReference = raw->st_shndx == ELF::SHN_UNDEF;
    Symbol *symbol = addUndefined(
        name, isReference && raw->getBinding() == ELF::STB_WEAK, &file);
    symbol->fromNative = true;
    symbol->discarded |= !isReference;
    file.symbols[i + 1] = symbol;
  }
}

void Resolver::addArchive(MemoryBufferRef buffer, const InputSpec &spec,
                          StringRef path) {
  Expected<std::unique_ptr<Archive>> archive = Archive::create(buffer);
  if (!archive) {
    diag.error(path + ": " + printable(toString(archive.takeError())));
    return;
  }
  if ((*archive)->isThin()) {
    diag.error(path + ": thin archives are not supported; write an ordinary "
                      "one (ampoule-ar rc)");
    return;
  }
  InputArchive &input = out.inputs.archives.emplace_back();
  input.path = path.str();
  input.module = moduleName(path);
  input.isRuntime = spec.isRuntime;
  input.archive = std::move(*archive);

  // An archive without an index, or with one that lies, is walked instead.
  bool walk = spec.wholeArchive || !input.archive->hasSymbolTable();
  if (!walk) {
    for (const Archive::Symbol &symbol : input.archive->symbols()) {
      Expected<Archive::Child> child = symbol.getMember();
      if (!child) {
        diag.error(path + ": could not get the member for '" +
                   printable(symbol.getName()) + "': " +
                   printable(toString(child.takeError())));
        return;
      }
      addLazy(symbol.getName(), &input, child->getChildOffset(), nullptr);
    }
    return;
  }
  Error error = Error::success();
  for (const Archive::Child &child : input.archive->children(error)) {
    InputFile *file = memberFile(input, child);
    if (!file)
      continue;
    if (Error failed = openFile(*file)) {
      // As lld: members that are no objects are ignored in an archive.
      if (spec.wholeArchive)
        diag.error(std::move(failed));
      else
        consumeError(std::move(failed));
      continue;
    }
    if (spec.wholeArchive)
      loadFile(*file);
    else
      addLazyFile(*file);
  }
  if (error)
    diag.error(path + ": " + printable(toString(std::move(error))));
}

void Resolver::addLazyFile(InputFile &file) {
  auto add = [&](StringRef name) {
    if (file.order == 0)
      addLazy(name, nullptr, 0, &file);
  };
  if (file.bitcode) {
    for (const lto::InputFile::Symbol &symbol : file.bitcode->symbols())
      if (!symbol.isUndefined())
        add(symbol.getName());
    return;
  }
  for (ELFSymbolRef reference : file.native->symbols()) {
    Expected<const ELF64LE::Sym *> raw =
        file.native->getSymbol(reference.getRawDataRefImpl());
    Expected<StringRef> name = reference.getName();
    if (!raw || !name) {
      consumeError(raw ? Error::success() : raw.takeError());
      consumeError(name ? Error::success() : name.takeError());
      diag.error(file.name + ": invalid symbol table");
      return;
    }
    if ((*raw)->getBinding() != ELF::STB_LOCAL &&
        (*raw)->st_shndx != ELF::SHN_UNDEF)
      add(*name);
  }
}

void Resolver::addSpec(const InputSpec &spec) {
  std::string path = spec.path;
  if (spec.isLibrary) {
    Expected<std::string> found = findLibrary(spec.path, config);
    if (!found)
      return diag.error(found.takeError());
    if (found->empty())
      return;
    path = *found;
  }
  Expected<std::unique_ptr<MemoryBuffer>> buffer = readFile(path);
  if (!buffer)
    return diag.error(buffer.takeError());
  MemoryBufferRef reference = **buffer;
  out.inputs.buffers.push_back(std::move(*buffer));
  if (identify_magic(reference.getBuffer()) == file_magic::archive)
    return addArchive(reference, spec, path);
  InputFile &file = out.inputs.files.emplace_back();
  file.name = path;
  file.module = moduleName(path);
  file.isRuntime = spec.isRuntime;
  file.buffer = reference;
  if (Error error = openFile(file))
    return diag.error(std::move(error));
  if (spec.lazy)
    addLazyFile(file);
  else
    loadFile(file);
}

void Resolver::checkWrap() {
  for (const std::string &name : config.wrap)
    for (const Twine &variant : {Twine(name), Twine("__wrap_") + name})
      if (Symbol *symbol = out.find(variant.str()))
        symbol->wrapped = true;
}

} // namespace

std::unique_ptr<SymbolTable>
resolveSymbols(const Config &config, ArrayRef<std::string> roots, Diag &diag) {
  auto symbols = std::make_unique<SymbolTable>();
  Resolver resolver(config, diag, *symbols);
  for (const std::string &name : config.undefined)
    resolver.addUndefined(name, /*weak=*/false, nullptr);
  for (const InputSpec &spec : config.inputs)
    resolver.addSpec(spec);
  for (const std::string &name : roots)
    resolver.addUndefined(name, /*weak=*/false, nullptr);
  for (const Defsym &defsym : config.defsym) {
    for (const std::string &name : defsym.names)
      resolver.addUndefined(name, /*weak=*/false, nullptr);
    resolver.addAbsolute(defsym.symbol);
  }
  // Code generation may refer to them wherever -fstack-protector was given; without
  // the C library a program brings its own.
  if (symbols->find(kStackCheckGuard))
    for (StringRef name : {kStackCheckFailed, kStackCheckGuard})
      if (Symbol *symbol = symbols->find(name);
          symbol && symbol->kind == Symbol::Lazy)
        resolver.addUndefined(name, /*weak=*/false, nullptr);
  if (any_of(symbols->table, [](const auto &entry) {
        return entry.second->kind == Symbol::Undefined &&
               entry.first.starts_with("sys_");
      }))
    if (Symbol *symbol = symbols->find(kRefused))
      resolver.addUndefined(symbol->name, /*weak=*/false, nullptr);
  resolver.checkWrap();
  return symbols;
}

void printSymbols(const SymbolTable &symbols, raw_ostream &os) {
  static constexpr const char *kKinds[] = {"undefined", "lazy", "common",
                                           "defined", "absolute"};
  std::vector<const Symbol *> sorted;
  for (auto &[name, symbol] : symbols.table)
    if (symbol->kind != Symbol::Lazy)
      sorted.push_back(symbol);
  sort(sorted,
       [](const Symbol *a, const Symbol *b) { return a->name < b->name; });
  for (const Symbol *symbol : sorted) {
    os << symbol->name << ": " << (symbol->weak ? "weak " : "")
       << kKinds[symbol->kind];
    if (symbol->kind != Symbol::Undefined && symbol->file)
      os << " in " << symbol->file->name;
    os << '\n';
  }
}

} // namespace ampoule::linker
