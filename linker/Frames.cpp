// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "linker/Frames.h"

#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Object/ELF.h"

using namespace llvm;
using namespace llvm::object;

namespace ampoule::linker {
namespace {

/// Sections that hold a function whose frame exceptions need.
DenseSet<unsigned> sectionsThatUnwind(const ELFFile<ELF64LE> &file,
                                      const ELF64LE::Shdr &symbols,
                                      const StringSet<> &needed) {
  DenseSet<unsigned> result;
  StringRef names = cantFail(file.getStringTableForSymtab(
      symbols, cantFail(file.sections())));
  for (const ELF64LE::Sym &symbol : cantFail(file.symbols(&symbols)))
    if (symbol.getType() == ELF::STT_FUNC &&
        needed.contains(cantFail(symbol.getName(names))))
      result.insert(symbol.st_shndx);
  return result;
}

const ELF64LE::Shdr *findSection(const ELFFile<ELF64LE> &file,
                                 StringRef name) {
  for (const ELF64LE::Shdr &section : cantFail(file.sections()))
    if (cantFail(file.getSectionName(section)) == name)
      return &section;
  return nullptr;
}

} // namespace

void dropDebugFrames(const Module &module, SmallVectorImpl<char> &object) {
  if (module.debug_compile_units().empty())
    return;
  StringSet<> needed;
  for (const Function &function : module)
    if (!function.isDeclaration() && function.needsUnwindTableEntry())
      needed.insert(function.getName());

  // LLVM wrote it just now: it is well-formed.
  auto file = cantFail(
      ELFFile<ELF64LE>::create(StringRef(object.data(), object.size())));
  const ELF64LE::Shdr *frames = findSection(file, ".eh_frame");
  const ELF64LE::Shdr *relocations = findSection(file, ".rela.eh_frame");
  if (!frames || !relocations)
    return;
  const ELF64LE::Shdr &symbols =
      *cantFail(file.getSection(relocations->sh_link));
  DenseSet<unsigned> unwinds = sectionsThatUnwind(file, symbols, needed);

  // Where frame description entries name their function (LSB, section 10.6.1):
  // behind length and pointer to the common entry, which is zero in one.
  DenseSet<std::uint64_t> functionFields;
  ArrayRef<std::uint8_t> bytes = cantFail(file.getSectionContents(*frames));
  for (std::uint64_t at = 0; at + 12 <= bytes.size();) {
    std::uint32_t length = support::endian::read32le(&bytes[at]);
    if (length == 0)
      break;
    if (support::endian::read32le(&bytes[at + 4]) != 0)
      functionFields.insert(at + 8);
    at += 4 + length;
  }
  for (const ELF64LE::Rela &relocation :
       cantFail(file.relas(*relocations))) {
    if (!functionFields.contains(relocation.r_offset))
      continue;
    const ELF64LE::Sym &symbol = *cantFail(file.getSymbol(
        &symbols, relocation.getSymbol(/*isMips64EL=*/false)));
    if (unwinds.contains(symbol.st_shndx))
      continue;
    auto *field = const_cast<ELF64LE::Rela *>(&relocation);
    field->setSymbolAndType(/*undefined=*/0,
                            relocation.getType(/*isMips64EL=*/false),
                            /*IsMips64EL=*/false);
  }
}

void trimLastFrame(SmallVectorImpl<char> &object) {
  auto file = cantFail(
      ELFFile<ELF64LE>::create(StringRef(object.data(), object.size())));
  const ELF64LE::Shdr *frames = findSection(file, ".eh_frame");
  if (!frames)
    return;
  ArrayRef<std::uint8_t> bytes = cantFail(file.getSectionContents(*frames));
  std::uint64_t last = 0, length = 0;
  for (std::uint64_t at = 0; at + 4 <= bytes.size(); at += 4 + length) {
    last = at;
    length = support::endian::read32le(&bytes[at]);
  }
  // Length, pointer to the common entry, address, range, augmentation with a
  // pointer or without: what is behind that are instructions, then DW_CFA_nop.
  constexpr std::uint64_t kHead = 16;
  if (length < kHead + 8 || last + 4 + length != bytes.size())
    return;
  std::uint64_t instructions = last + kHead + 1 + bytes[last + kHead];
  std::uint64_t word = bytes.size() - 4;
  constexpr std::uint8_t kArgumentsSize = 0x2e; // its operand may be zero
  if (word < instructions || support::endian::read32le(&bytes[word]) != 0 ||
      bytes[word - 1] == kArgumentsSize)
    return;
  support::endian::write32le(const_cast<std::uint8_t *>(&bytes[last]),
                             static_cast<std::uint32_t>(length - 4));
}

} // namespace ampoule::linker
