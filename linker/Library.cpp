// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// An image has no dynamic loader, so a shared library is kept as what it is
// made of. soname, rpath and version scripts are accepted: they speak to a
// loader. What a program would load at run time (dlopen) cannot work, and is
// said where it is called.
#include "linker/Library.h"
#include "linker/Cache.h"
#include "linker/Diag.h"
#include "linker/Symbols.h"

#include "llvm/Bitcode/BitcodeReader.h"
#include "llvm/Bitcode/BitcodeWriter.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include "llvm/Linker/Linker.h"
#include "llvm/Object/ArchiveWriter.h"
#include "llvm/Support/Path.h"

using namespace llvm;

namespace ampoule::linker {
namespace {

void writeShared(const Config &config, const SymbolTable &symbols,
                 Diag &diag) {
  std::vector<NewArchiveMember> members;
  StringSet<> used;
  std::deque<std::string> names;
  for (const InputFile *file : symbols.loaded) {
    NewArchiveMember member(file->buffer);
    // Two objects of one name stay apart.
    std::string name = sys::path::filename(file->name).str();
    if (std::size_t at = name.find('('); at != std::string::npos)
      name = name.substr(at + 1, name.size() - at - 2);
    while (!used.insert(name).second)
      name = "_" + name;
    member.MemberName = names.emplace_back(name);
    members.push_back(std::move(member));
  }
  Expected<std::unique_ptr<MemoryBuffer>> archive = writeArchiveToBuffer(
      members, SymtabWritingMode::NormalSymtab, object::Archive::K_GNU,
      /*Deterministic=*/true, /*Thin=*/false);
  if (!archive)
    return diag.error(archive.takeError());
  if (Error error = writeOutput(config.output, (*archive)->getBuffer(),
                                /*executable=*/true))
    diag.error(std::move(error));
}

void writeMerged(const Config &config, const SymbolTable &symbols,
                 Diag &diag) {
  LLVMContext context;
  llvm::Module merged(config.output, context);
  Linker linker(merged);
  bool first = true;
  for (const InputFile *file : symbols.loaded) {
    if (file->native)
      return diag.error("-r: " + file->name +
                        " is a native object; only bitcode can be merged");
    if (!file->bitcode)
      return;
    Expected<std::unique_ptr<llvm::Module>> module =
        file->bitcode->getSingleBitcodeModule().parseModule(context);
    if (!module)
      return diag.error(file->name + ": " + toString(module.takeError()));
    if (std::exchange(first, false)) {
      merged.setTargetTriple((*module)->getTargetTriple());
      merged.setDataLayout((*module)->getDataLayout());
      merged.setSourceFileName((*module)->getSourceFileName());
    }
    if (linker.linkInModule(std::move(*module)))
      return diag.error("-r: cannot merge " + file->name);
  }
  std::string bytes;
  raw_string_ostream os(bytes);
  WriteBitcodeToFile(merged, os);
  if (Error error = writeOutput(config.output, bytes, /*executable=*/false))
    diag.error(std::move(error));
}

} // namespace

void writeLibrary(const Config &config, Diag &diag) {
  std::unique_ptr<SymbolTable> symbols =
      resolveSymbols(config, /*roots=*/{}, diag);
  if (diag.failed())
    return;
  if (config.kind == OutputKind::SharedLibrary)
    writeShared(config, *symbols, diag);
  else
    writeMerged(config, *symbols, diag);
}

} // namespace ampoule::linker
