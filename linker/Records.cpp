// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "linker/Records.h"

#include "llvm/Analysis/ConstantFolding.h"
#include "llvm/Analysis/ValueTracking.h"
#include "llvm/Transforms/Utils/ModuleUtils.h"

using namespace llvm;

namespace ampoule::linker {

Constant *RecordReader::at(unsigned offset, Type *type) const {
  return ConstantFoldLoadFromConst(&initialiser, type, APInt(64, offset),
                                   layout);
}

std::optional<std::uint64_t> RecordReader::number(unsigned offset,
                                                  unsigned bits) const {
  const auto *value = dyn_cast_or_null<ConstantInt>(
      at(offset, Type::getIntNTy(initialiser.getContext(), bits)));
  if (!value)
    return std::nullopt;
  return value->getZExtValue();
}

GlobalVariable *RecordReader::variable(unsigned offset) const {
  return dyn_cast_or_null<GlobalVariable>(
      at(offset, PointerType::get(initialiser.getContext(), 0)));
}

std::optional<std::string> RecordReader::text(unsigned offset) const {
  StringRef text;
  const GlobalVariable *literal = variable(offset);
  if (!literal || !getConstantStringInfo(literal, text))
    return std::nullopt;
  return text.str();
}

std::vector<GlobalVariable *> recordsIn(Program &program, StringRef section) {
  std::vector<GlobalVariable *> records;
  for (GlobalVariable &variable : program.module->globals())
    if (variable.getSection() == section && !variable.isDeclaration())
      records.push_back(&variable);
  return records;
}

void eraseRecords(Program &program, ArrayRef<GlobalVariable *> records) {
  removeFromUsedLists(*program.module, [&](Constant *constant) {
    return is_contained(records, constant->stripPointerCasts());
  });
  for (GlobalVariable *record : records) {
    SmallSetVector<GlobalVariable *, 8> texts;
    SmallVector<const Constant *> path = {record->getInitializer()};
    while (!path.empty())
      for (const Use &use : path.pop_back_val()->operands())
        if (auto *variable = dyn_cast<GlobalVariable>(use))
          texts.insert(variable);
        else
          path.push_back(cast<Constant>(use));
    record->removeDeadConstantUsers();
    assert(record->use_empty() && "nothing refers to a record");
    record->eraseFromParent();
    for (GlobalVariable *text : texts) {
      text->removeDeadConstantUsers();
      if (text->hasPrivateLinkage() && text->use_empty())
        text->eraseFromParent();
    }
  }
}

} // namespace ampoule::linker
