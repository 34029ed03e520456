// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/Dependencies.h"

#include "linker/Uses.h"

#include "clang/AST/ASTConsumer.h"
#include "clang/AST/ASTContext.h"
#include "clang/AST/Attr.h"
#include "clang/AST/Expr.h"
#include "clang/AST/Mangle.h"
#include "llvm/Support/Path.h"

using namespace clang;

namespace ampoule::compiler {

void Dependencies::add(const FunctionDecl &function, SourceLocation at) {
  if (function.isInlined() || function.isTemplateInstantiation() ||
      !function.hasExternalFormalLinkage() ||
      isa<CXXConstructorDecl, CXXDestructorDecl>(function))
    return;
  firstUses.insert({function.getCanonicalDecl(), at});
}

static bool writesBitcode(const CompilerInstance &instance) {
  frontend::ActionKind action = instance.getFrontendOpts().ProgramAction;
  return action == frontend::EmitBC || action == frontend::EmitLLVM;
}

/// As debug information names it.
static std::string fileOf(const PresumedLoc &at, const CodeGenOptions &options) {
  llvm::SmallString<128> path(at.getFilename());
  for (const auto &[from, to] : llvm::reverse(options.DebugPrefixMap))
    if (llvm::sys::path::replace_path_prefix(path, from, to))
      break;
  return std::string(path);
}

void Dependencies::emit(CompilerInstance &instance) const {
  if (firstUses.empty() || !writesBitcode(instance))
    return;
  ASTContext &context = instance.getASTContext();
  ASTNameGenerator names(context);
  std::string text;
  for (auto [function, at] : firstUses) {
    PresumedLoc place = instance.getSourceManager().getPresumedLoc(at);
    if (place.isInvalid())
      continue;
    text += names.getName(function) + '\t' +
            fileOf(place, instance.getCodeGenOpts()) + ':' +
            std::to_string(place.getLine()) + ':' +
            std::to_string(place.getColumn()) + '\n';
  }
  QualType type = context.getStringLiteralArrayType(context.CharTy, text.size())
                      .withConst();
  auto *variable = VarDecl::Create(
      context, context.getTranslationUnitDecl(), SourceLocation(),
      SourceLocation(), &context.Idents.get("__ampoule_uses"), type,
      context.getTrivialTypeSourceInfo(type), SC_Static);
  variable->setInit(StringLiteral::Create(context, text,
                                          StringLiteralKind::Ordinary,
                                          /*Pascal=*/false, type,
                                          SourceLocation()));
  variable->addAttr(UsedAttr::CreateImplicit(context));
  variable->addAttr(NoDebugAttr::CreateImplicit(context));
  variable->addAttr(SectionAttr::CreateImplicit(context, linker::kUsesSection));
  instance.getASTConsumer().HandleTopLevelDecl(DeclGroupRef(variable));
}

} // namespace ampoule::compiler
