// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Start-up order is data that only the linker has: it knows the live modules.
#include "linker/Start.h"

#include "llvm/IR/IRBuilder.h"

using namespace llvm;

namespace ampoule::linker {

std::vector<std::string> addStartModules(Program &program,
                                         const ModuleSet &modules) {
  std::vector<std::string> names;
  Function *start = program.module->getFunction(kStartModules);
  if (!start || !start->isDeclaration())
    return names;
  IRBuilder<> builder(BasicBlock::Create(program.context, "entry", start));
  for (const LibosModule &module : modules.ordered) {
    names.push_back(module.name);
    if (!module.init)
      continue;
    builder.CreateCall(module.init, {start->getArg(0)});
    module.init->setVisibility(GlobalValue::DefaultVisibility);
    module.init->setLinkage(GlobalValue::InternalLinkage);
  }
  builder.CreateRetVoid();
  start->setLinkage(GlobalValue::InternalLinkage);
  start->setVisibility(GlobalValue::DefaultVisibility);
  start->addFnAttr(Attribute::NoRedZone);
  setOrigin(*start, kStartOrigin);
  program.moduleOfOrigin[kStartOrigin] = kStartOrigin;
  return names;
}

} // namespace ampoule::linker
