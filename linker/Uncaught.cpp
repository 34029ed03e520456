// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "linker/Uncaught.h"

#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/Transforms/Utils/Local.h"

using namespace llvm;

namespace ampoule::linker {
namespace {

/// Whether a landing pad only ends the program, as that of a noexcept function. The
/// last is of libc++abi itself, about a handler of std::terminate that throws.
bool endsProgram(const LandingPadInst &pad) {
  constexpr StringLiteral kEnds[] = {"__clang_call_terminate",
                                     "_ZSt9terminatev", "__abort_message"};
  SmallPtrSet<const BasicBlock *, 4> seen;
  for (const BasicBlock *block = pad.getParent();
       block && seen.insert(block).second; block = block->getSingleSuccessor())
    for (const Instruction &instruction : *block) {
      const auto *call = dyn_cast<CallBase>(&instruction);
      if (!call || isa<IntrinsicInst>(call))
        continue;
      const Function *callee = call->getCalledFunction();
      if (!callee)
        return false;
      if (is_contained(kEnds, callee->getName()))
        return true;
      if (callee->getName() != "__cxa_begin_catch")
        return false;
    }
  return false;
}

bool mayUnwind(const Program &program, const ProgramGraph &graph,
               const LiveSet &live) {
  if (!program.virtualsKept.empty() || walksStack(program))
    return true;
  for (const Function &function : *program.module)
    if (graph.isLive(&function, live))
      for (const Instruction &instruction : instructions(function))
        if (const auto *pad = dyn_cast<LandingPadInst>(&instruction);
            pad && pad->getNumClauses() != 0 && !endsProgram(*pad))
          return true;
  return false;
}

/// To raise an exception is to learn that nothing handles it.
bool settleRaises(Program &program) {
  auto *type = FunctionType::get(Type::getInt32Ty(program.context),
                                 PointerType::getUnqual(program.context),
                                 /*isVarArg=*/false);
  bool changed = false;
  for (StringRef name : {"_Unwind_RaiseException", "_Unwind_Resume_or_Rethrow"}) {
    Function *raise = program.module->getFunction(name);
    if (!raise || raise->use_empty())
      continue;
    Function *none = Function::Create(type, GlobalValue::InternalLinkage,
                                      "ampoule_no_handler", *program.module);
    IRBuilder<> builder(BasicBlock::Create(program.context, "entry", none));
    constexpr unsigned kEndOfStack = 5; // _URC_END_OF_STACK
    builder.CreateRet(builder.getInt32(kEndOfStack));
    setOrigin(*none, kStartOrigin);
    raise->replaceAllUsesWith(none);
    changed = true;
  }
  return changed;
}

bool dropLandingPads(Function &function) {
  bool changed = false;
  for (BasicBlock &block : function)
    if (auto *invoke = dyn_cast<InvokeInst>(block.getTerminator())) {
      changeToCall(invoke);
      changed = true;
    }
  if (changed)
    removeUnreachableBlocks(function);
  if (!function.isDeclaration())
    function.setPersonalityFn(nullptr);
  return changed;
}

} // namespace

bool walksStack(const Program &program) {
  constexpr StringLiteral kWalks[] = {
      "_Unwind_ForcedUnwind",  "_Unwind_Backtrace",
      "unw_getcontext",        "_Unwind_FindEnclosingFunction",
      "_Unwind_Find_FDE",      "__register_frame",
      "__register_frame_info", "__deregister_frame",
      "__deregister_frame_info"};
  return any_of(kWalks, [&](StringRef name) {
    const GlobalValue *value = program.module->getNamedValue(name);
    return value && !value->use_empty();
  });
}

bool dropLandingPads(Program &program, const ProgramGraph &graph,
                     const LiveSet &live) {
  if (mayUnwind(program, graph, live))
    return false;
  bool changed = settleRaises(program);
  for (Function &function : *program.module)
    if (!function.isIntrinsic()) {
      changed |= dropLandingPads(function);
      function.setDoesNotThrow();
    }
  return changed;
}

void dropUnwindTables(Program &program, const ProgramGraph &graph,
                      const LiveSet &live) {
  for (auto [id, node] : enumerate(graph.nodes))
    if (node.module == "libunwind" && live.isLive(id))
      return;
  for (Function &function : *program.module)
    function.removeFnAttr(Attribute::UWTable);
}

} // namespace ampoule::linker
