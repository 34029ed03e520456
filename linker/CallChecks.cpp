// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "linker/CallChecks.h"

#include "llvm/ADT/SetVector.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/MDBuilder.h"
#include "llvm/Support/xxhash.h"
#include "llvm/Transforms/Utils/BasicBlockUtils.h"
#include "llvm/Transforms/Utils/Local.h"

using namespace llvm;

namespace ampoule::linker {
namespace {

/// The kind of trap that clang writes behind a check, and we do:
/// SanitizerHandler::CFICheckFail.
constexpr std::uint8_t kCallCheck = 2;

/// What the C library calls as another type than it was given. A function of the
/// first type is one of the second, too.
constexpr std::pair<StringLiteral, StringLiteral> kCalledAs[] = {
    // The order of scandir() goes to qsort().
    {"_ZTSFiPPK6direntS2_E", "_ZTSFiPKvS0_E"},
    // ftw() is nftw() with a function that ignores the last argument.
    {"_ZTSFiPKcPK4statiE", "_ZTSFiPKcPK4statiP3FTWE"},
    // Both kinds of signal handlers are called with three (libos/posix/signal.cpp).
    {"_ZTSFviE", "_ZTSFviPvS_E"},
    {"_ZTSFviP9siginfo_tPvE", "_ZTSFviPvS_E"}};

/// Who calls destructors as functions of a pointer, which they are by the Itanium
/// C++ ABI (2.4.3 and 3.3.6.3), not by their type; and which argument they are.
constexpr std::pair<StringLiteral, unsigned> kTakesDestructor[] = {
    {"__cxa_atexit", 0}, {"__cxa_thread_atexit", 0}, {"__cxa_throw", 2}};
constexpr StringLiteral kDestructor = "_ZTSFvPvE";

/// The calls of an intrinsic, if the module has any.
SmallVector<CallInst *> callsOf(Module &module, Intrinsic::ID id) {
  SmallVector<CallInst *> calls;
  if (Function *intrinsic = Intrinsic::getDeclarationIfExists(&module, id))
    for (User *user : intrinsic->users())
      calls.push_back(cast<CallInst>(user));
  return calls;
}

SmallVector<CallBase *> typedCalls(Module &module) {
  SmallVector<CallBase *> calls;
  for (Function &function : module)
    for (Instruction &instruction : instructions(function))
      if (auto *call = dyn_cast<CallBase>(&instruction);
          call && call->getOperandBundle(LLVMContext::OB_kcfi))
        calls.push_back(call);
  return calls;
}

CallBase *dropBundle(CallBase &call) {
  CallBase *plain = CallBase::removeOperandBundle(&call, LLVMContext::OB_kcfi,
                                                  call.getIterator());
  plain->copyMetadata(call);
  plain->takeName(&call);
  call.replaceAllUsesWith(plain);
  call.eraseFromParent();
  return plain;
}

/// Removes the branches that cannot be taken any more.
void removeDeadBranches(Function &function) {
  for (BasicBlock &block : function)
    ConstantFoldTerminator(&block, /*DeleteDeadConditions=*/true);
  removeUnreachableBlocks(function);
  for (BasicBlock &block : make_early_inc_range(function))
    MergeBlockIntoPredecessor(&block);
}

SmallVector<MDNode *, 2> typesOf(const Function &function) {
  SmallVector<MDNode *, 2> types;
  function.getMetadata(LLVMContext::MD_type, types);
  return types;
}

class Completer {
public:
  explicit Completer(Module &module)
      : module(module), context(module.getContext()) {}

  void run() {
    nameTypes();
    for (Function &function : module)
      typeFunction(function);
    typeDestructors();
    for (CallBase *call : typedCalls(module))
      checkCall(*call);
    for (Intrinsic::ID id :
         {Intrinsic::type_checked_load, Intrinsic::type_checked_load_relative})
      for (CallInst *load : callsOf(module, id))
        checkVirtualCall(*load);
  }

private:
  static std::uint32_t hashOf(StringRef type) {
    return static_cast<std::uint32_t>(xxHash64(type));
  }

  /// Libraries know types by clang's hash of their name.
  void addName(StringRef name) {
    names.try_emplace(hashOf(name), MDString::get(context, name));
  }
  MDString *nameOf(const Value *hash) {
    auto number = static_cast<std::uint32_t>(
        cast<ConstantInt>(hash)->getZExtValue());
    MDString *&name = names[number];
    if (!name)
      name = MDString::get(context, "type " + utohexstr(number));
    return name;
  }

  void nameTypes() {
    for (CallInst *test : callsOf(module, Intrinsic::type_test))
      if (auto *name = dyn_cast<MDString>(
              cast<MetadataAsValue>(test->getArgOperand(1))->getMetadata()))
        addName(name->getString());
    for (Function &function : module)
      for (MDNode *type : typesOf(function))
        if (auto *name = dyn_cast<MDString>(type->getOperand(1)))
          addName(name->getString());
    for (auto &[type, calledAs] : kCalledAs) {
      addName(type);
      addName(calledAs);
    }
    addName(kDestructor);
  }

  void typeFunction(Function &function) {
    if (MDNode *type = function.getMetadata(LLVMContext::MD_kcfi_type)) {
      function.addTypeMetadata(
          0, nameOf(mdconst::extract<ConstantInt>(type->getOperand(0))));
      function.eraseMetadata(LLVMContext::MD_kcfi_type);
    }
    for (MDNode *type : typesOf(function))
      for (auto &[is, calledAs] : kCalledAs)
        if (auto *name = dyn_cast<MDString>(type->getOperand(1));
            name && name->getString() == is)
          function.addTypeMetadata(0, MDString::get(context, calledAs));
  }

  void typeDestructors() {
    SetVector<Value *> given; // grows: calls may have been made one
    for (auto &[name, argument] : kTakesDestructor)
      if (Function *taker = module.getFunction(name))
        for (User *user : taker->users())
          if (auto *call = dyn_cast<CallBase>(user);
              call && call->getCalledOperand() == taker)
            given.insert(call->getArgOperand(argument));
    for (unsigned i = 0; i != given.size(); ++i) {
      Value *value = given[i]->stripPointerCastsAndAliases();
      if (auto *phi = dyn_cast<PHINode>(value))
        given.insert(phi->op_begin(), phi->op_end());
      else if (auto *select = dyn_cast<SelectInst>(value))
        given.insert_range(
            ArrayRef{select->getTrueValue(), select->getFalseValue()});
      else if (auto *destructor = dyn_cast<Function>(value))
        destructor->addTypeMetadata(0, MDString::get(context, kDestructor));
    }
  }

  void trapUnless(Value *isValid, Instruction &before) {
    IRBuilder<> builder(&before);
    Instruction *trap = SplitBlockAndInsertIfThen(
        builder.CreateNot(isValid), &before, /*Unreachable=*/true,
        MDBuilder(context).createUnlikelyBranchWeights());
    builder.SetInsertPoint(trap);
    CallInst *call = builder.CreateIntrinsic(
        builder.getVoidTy(), Intrinsic::ubsantrap,
        {builder.getInt8(kCallCheck)});
    call->setDoesNotReturn();
    call->setDoesNotThrow();
    call->addFnAttr(Attribute::NoMerge); // the report names the line
  }

  void checkCall(CallBase &typed) {
    MDString *type = nameOf(
        typed.getOperandBundle(LLVMContext::OB_kcfi)->Inputs.front().get());
    CallBase &call = *dropBundle(typed);
    if (call.getCalledFunction()) // the optimiser found out which
      return;
    IRBuilder<> builder(&call);
    trapUnless(builder.CreateIntrinsic(
                   builder.getInt1Ty(), Intrinsic::type_test,
                   {call.getCalledOperand(),
                    MetadataAsValue::get(context, type)}),
               call);
  }

  void checkVirtualCall(CallInst &load) {
    IRBuilder<> builder(load.getNextNode());
    builder.SetCurrentDebugLocation(load.getDebugLoc());
    Value *isValid = builder.CreateExtractValue(&load, 1);
    trapUnless(isValid, *cast<Instruction>(isValid)->getNextNode());
  }

  Module &module;
  LLVMContext &context;
  DenseMap<std::uint32_t, MDString *> names;
};

} // namespace

void dropCallChecks(Module &module) {
  for (CallBase *call : typedCalls(module))
    dropBundle(*call);
  for (Function &function : module)
    function.eraseMetadata(LLVMContext::MD_kcfi_type);
  SetVector<Function *> changed;
  for (CallInst *test : callsOf(module, Intrinsic::type_test)) {
    test->replaceUsesWithIf(ConstantInt::getTrue(module.getContext()),
                            [&](Use &use) {
                              // That is knowledge, not a check.
                              return !isa<AssumeInst>(use.getUser());
                            });
    if (!test->use_empty())
      continue;
    changed.insert(test->getFunction());
    test->eraseFromParent();
  }
  for (Function *function : changed)
    removeDeadBranches(*function);
}

void completeCallChecks(Module &module) { Completer(module).run(); }

void reportFailedChecks(Module &module) {
  Function *report = module.getFunction(kCheckFailed);
  for (CallInst *trap : callsOf(module, Intrinsic::ubsantrap)) {
    auto *kind = cast<ConstantInt>(trap->getArgOperand(0));
    if (kind->getZExtValue() != kCallCheck)
      continue;
    CallInst *call = CallInst::Create(report, "", trap->getIterator());
    call->setAttributes(trap->getAttributes().removeParamAttributes(
        module.getContext(), 0));
    call->setDebugLoc(trap->getDebugLoc());
    call->setDoesNotReturn();
    trap->eraseFromParent();
  }
}

void dropTypeSymbols(Module &module) {
  SmallVector<StringRef> lines;
  StringRef(module.getModuleInlineAsm()).split(lines, '\n');
  erase_if(lines,
           [](StringRef line) { return line.contains("__kcfi_typeid_"); });
  module.setModuleInlineAsm(join(lines, "\n"));
  NamedMDNode *flags = module.getModuleFlagsMetadata();
  SmallVector<MDNode *> kept;
  for (MDNode *flag : flags->operands())
    if (!cast<MDString>(flag->getOperand(1))->getString().starts_with("kcfi"))
      kept.push_back(flag);
  flags->clearOperands();
  for (MDNode *flag : kept)
    flags->addOperand(flag);
}

} // namespace ampoule::linker
