// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The program between the stages: one LLVM module with everything that is
// bitcode, and the native files beside it. Each definition carries where it
// came from as a string attribute, which survives every pass.
#pragma once

#include "linker/Symbols.h"
#include "linker/Uses.h"

#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include <set>

namespace ampoule::linker {

/// Attribute on each definition: the name of the file it came from.
inline constexpr llvm::StringLiteral kOriginAttribute = "ampoule-origin";
/// Attribute on what a header defines.
inline constexpr llvm::StringLiteral kInlineAttribute = "ampoule-inline";

/// Origins of what the linker itself writes.
inline constexpr llvm::StringLiteral kUnimplementedOrigin = "unimplemented";
inline constexpr llvm::StringLiteral kStartOrigin = "start";
inline constexpr llvm::StringLiteral kFilesOrigin = "files";

struct Program {
  llvm::LLVMContext context;
  std::unique_ptr<llvm::Module> module;
  std::vector<InputFile *> natives; ///< in the order in which they were loaded
  /// Names that assembly inside the module refers to.
  llvm::StringSet<> assemblySymbols;
  /// Names that assembly inside the module defines.
  llvm::StringSet<> definedByAssembly;
  /// Undefined in native files, perhaps weakly, and strongly in bitcode that
  /// the final link does not see.
  std::vector<std::string> stronglyUndefined;
  /// Why virtual functions that nobody calls are kept; empty: they go.
  std::vector<std::string> virtualsKept;
  /// The user's code may read an object's type from its vtable (DynamicTypes.h).
  bool readsDynamicTypes = false;
  /// The image has compact unwind information, not DWARF's frames (UnwindInfo.h).
  bool hasUnwindInfo = false;
  /// Messages about undefined symbols that were given with more detail than
  /// the final link has.
  llvm::StringSet<> reported;
  /// Of the user's sources.
  std::vector<ErasedUse> erasedUses;
  /// Module (libos folder, library or user's object) by origin.
  llvm::StringMap<std::string> moduleOfOrigin;
  /// Modules that are not the toolchain's.
  std::set<std::string> userModules;
};

/// The file a definition came from; empty for what a pass created.
llvm::StringRef originOf(const llvm::GlobalValue &value);
/// Records the origin of a function or variable.
void setOrigin(llvm::GlobalValue &value, llvm::StringRef origin);

/// Whether it is an inline function or variable of a header, which any file that
/// used it may have brought.
bool isInlineDefinition(const llvm::GlobalObject &object);

/// Whether a value is one of LLVM's own (llvm.used, llvm.global_ctors, …).
inline bool isIntrinsicVariable(const llvm::GlobalValue &value) {
  return value.getName().starts_with("llvm.");
}

} // namespace ampoule::linker
