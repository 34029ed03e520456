// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Symbol resolution: which definition each name has, and which archive members
// take part. The rules are lld's (ELF/Symbols.cpp), so that a program links the
// same here and there; a differential test compares the two.
#pragma once

#include "linker/Inputs.h"

#include "llvm/ADT/MapVector.h"

namespace ampoule::linker {

struct Symbol {
  enum Kind : std::uint8_t { Undefined, Lazy, Common, Defined, Absolute };

  llvm::StringRef name;
  Kind kind = Undefined;
  bool weak = false;        ///< every reference, or the definition, is weak
  bool fromBitcode = false; ///< some bitcode file names it
  bool fromNative = false;  ///< some native file names it: it must stay visible
  bool wrapped = false;     ///< takes part in --wrap
  bool referenced = false;  ///< a file, an option or a root asks for it
  bool discarded = false;   ///< its definition lay in a discarded COMDAT
  /// Defined, Common: the file with the definition. Undefined: the first file
  /// that refers to it (null: an option or the linker itself does).
  InputFile *file = nullptr;
  InputFile *firstReference = nullptr;
  std::uint64_t commonSize = 0;
  std::uint64_t commonAlign = 0;

  InputArchive *archive = nullptr; ///< Lazy: where the member is …
  std::uint64_t memberOffset = 0;  ///< … and at which offset
  InputFile *lazyFile = nullptr;   ///< Lazy: or the --start-lib file

  bool isDefined() const { return kind == Defined || kind == Absolute; }
};

/// Called by functions with a stack protector; bitcode does not name it.
inline constexpr llvm::StringLiteral kStackCheckFailed = "__stack_chk_fail";
inline constexpr llvm::StringLiteral kStackCheckGuard = "__stack_chk_guard";

/// Called by what the linker writes for a system call that nothing implements.
inline constexpr llvm::StringLiteral kRefused = "__ampoule_refused";

struct SymbolTable {
  Inputs inputs;
  llvm::MapVector<llvm::StringRef, Symbol *> table;
  /// Files that take part, in the order in which they were loaded.
  std::vector<InputFile *> loaded;

  Symbol *find(llvm::StringRef name) const { return table.lookup(name); }
};

/// Reads the inputs in command-line order and resolves every symbol, starting
/// from `roots`. Reports what it cannot open; stops at nothing.
std::unique_ptr<SymbolTable> resolveSymbols(const Config &config,
                                            llvm::ArrayRef<std::string> roots,
                                            Diag &diag);

/// `--print=symbols`: a line per resolved name, sorted.
void printSymbols(const SymbolTable &symbols, llvm::raw_ostream &os);

} // namespace ampoule::linker
