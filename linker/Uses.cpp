// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "linker/Uses.h"
#include "linker/Places.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/Module.h"

using namespace llvm;

namespace ampoule::linker {

std::vector<ErasedUse> readErasedUses(const Module &module) {
  std::vector<ErasedUse> erased;
  for (const GlobalVariable &variable : module.globals()) {
    if (variable.getSection() != kUsesSection || !variable.hasInitializer())
      continue;
    const auto *list =
        dyn_cast<ConstantDataSequential>(variable.getInitializer());
    StringRef text = list && list->isString() ? list->getAsString() : "";
    for (StringRef line : split(text.rtrim('\0'), '\n')) {
      auto [name, place] = line.split('\t');
      if (!place.empty() && !module.getNamedValue(name))
        erased.push_back({name.str(), shownPlace(module, place)});
    }
  }
  return erased;
}

} // namespace ampoule::linker
