// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What a source asks of the libraries, before code generation takes some of it
// away: a printf that became puts, a strlen of a constant, a call in dead code.
// An object carries the list in a section that the linker takes out again; what
// the object then has no reference to, `ampoule why` can tell of.
#pragma once

#include "clang/AST/Decl.h"
#include "clang/Frontend/CompilerInstance.h"
#include "llvm/ADT/MapVector.h"

namespace ampoule::compiler {

class Dependencies {
public:
  /// Functions that a library defines, not their headers.
  void add(const clang::FunctionDecl &function, clang::SourceLocation at);

  /// Hands code generation a constant with a line for each function, "name",
  /// tab, "file:line:column". Only bitcode has it.
  void emit(clang::CompilerInstance &instance) const;

private:
  llvm::MapVector<const clang::FunctionDecl *, clang::SourceLocation> firstUses;
};

} // namespace ampoule::compiler
