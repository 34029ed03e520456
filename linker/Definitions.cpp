// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "linker/Definitions.h"

using namespace llvm;

namespace ampoule::linker {

GlobalVariable *defineConstant(Program &program, Constant *value,
                               const Twine &name, StringRef origin) {
  auto *variable =
      new GlobalVariable(*program.module, value->getType(), /*isConstant=*/true,
                         GlobalValue::PrivateLinkage, value, name);
  variable->setUnnamedAddr(GlobalValue::UnnamedAddr::Global);
  variable->setAlignment(Align(1));
  setOrigin(*variable, origin);
  return variable;
}

GlobalVariable *defineDeclared(Program &program, StringRef symbol,
                               Constant *value, bool isConstant,
                               StringRef origin) {
  GlobalVariable *declared = program.module->getNamedGlobal(symbol);
  if (!declared || !declared->isDeclaration())
    return nullptr;
  auto *variable =
      new GlobalVariable(*program.module, value->getType(), isConstant,
                         GlobalValue::InternalLinkage, value);
  variable->takeName(declared);
  declared->replaceAllUsesWith(variable);
  declared->eraseFromParent();
  setOrigin(*variable, origin);
  return variable;
}

Constant *arrayOf(StructType *type, ArrayRef<Constant *> entries) {
  return ConstantArray::get(ArrayType::get(type, entries.size()), entries);
}

} // namespace ampoule::linker
