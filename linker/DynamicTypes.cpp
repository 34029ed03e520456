// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "linker/DynamicTypes.h"

#include "llvm/IR/Constants.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/Instructions.h"

using namespace llvm;

namespace ampoule::linker {

static constexpr StringLiteral kFlag = "Ampoule Dynamic Types";

/// Whether what is loaded lies one pointer before another, as the type does in a vtable
/// (Itanium C++ ABI, section 2.5.2). A program's own p[-1] looks alike.
static bool isBefore(const Instruction &instruction) {
  const auto *load = dyn_cast<LoadInst>(&instruction);
  if (!load || !load->getType()->isPointerTy())
    return false;
  APInt offset(64, 0);
  const DataLayout &layout = instruction.getDataLayout();
  load->getPointerOperand()->stripAndAccumulateConstantOffsets(
      layout, offset, /*AllowNonInbounds=*/true);
  return offset == -static_cast<std::int64_t>(layout.getPointerSize());
}

void noteDynamicTypes(Module &module) {
  bool found = any_of(module, [](const Function &function) {
    return any_of(instructions(function), isBefore);
  });
  module.addModuleFlag(Module::Max, kFlag, found);
}

bool mayReadDynamicTypes(const Module &module) {
  const auto *flag =
      mdconst::extract_or_null<ConstantInt>(module.getModuleFlag(kFlag));
  return !flag || !flag->isZero();
}

} // namespace ampoule::linker
