// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/SystemHeaders.h"

#include "clang/Lex/Pragma.h"
#include "clang/Lex/Preprocessor.h"

using namespace clang;

namespace ampoule::compiler {
namespace {

class SystemHeader : public PragmaHandler {
public:
  SystemHeader() : PragmaHandler("system_header") {}

  void HandlePragma(Preprocessor &preprocessor, PragmaIntroducer,
                    Token &token) override {
    if (!preprocessor.getSourceManager().isInSystemHeader(token.getLocation()))
      preprocessor.HandlePragmaSystemHeader(token);
    preprocessor.CheckEndOfDirective("pragma");
  }
};

} // namespace

void ignoreNeedlessPragmas(Preprocessor &preprocessor) {
  auto handler = std::make_unique<SystemHeader>();
  // Takes away clang's own, of that name.
  preprocessor.RemovePragmaHandler("GCC", handler.get());
  preprocessor.AddPragmaHandler("GCC", handler.release());
}

} // namespace ampoule::compiler
