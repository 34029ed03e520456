// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Code generation. A large program is split in four, whatever the machine: the
// same program must give the same bytes everywhere. Each partition is generated
// in a thread and context of its own.
#include "linker/Codegen.h"
#include "linker/CallFrames.h"
#include "linker/Frames.h"
#include "linker/Optimise.h"
#include "xen-boot/image/Instructions.h"

#include "llvm/Bitcode/BitcodeReader.h"
#include "llvm/Bitcode/BitcodeWriter.h"
#include "llvm/IR/DebugInfo.h"
#include "llvm/IR/DiagnosticHandler.h"
#include "llvm/IR/DiagnosticInfo.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InlineAsm.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/Object/ELFObjectFile.h"
#include "llvm/Support/ThreadPool.h"
#include "llvm/Transforms/Utils/Cloning.h"
#include "llvm/Transforms/Utils/SplitModule.h"
#include <map>

using namespace llvm;
using namespace llvm::object;

namespace ampoule::linker {

static constexpr unsigned kPartitions = 4;

/// A jump table has eight bytes for each value between the least and the
/// greatest, which is more than comparisons take. (The optimiser, which makes
/// tables of results, has run: those are small.)
static void avoidJumpTables(Module &module) {
  for (Function &function : module)
    if (!function.isDeclaration() && function.hasMinSize())
      function.addFnAttr("no-jump-tables", "true");
}

void emitObject(Module &module, TargetMachine &machine,
                SmallVectorImpl<char> &object) {
  avoidJumpTables(module);
  raw_svector_ostream os(object);
  legacy::PassManager passes;
  if (machine.addPassesToEmitFile(passes, os, nullptr,
                                  CodeGenFileType::ObjectFile))
    llvm_unreachable("X86 writes object files");
  passes.run(module);
  dropDebugFrames(module, object);
  trimLastFrame(object);
}

void nameConstants(Module &module) {
  for (GlobalVariable &variable : module.globals())
    if (variable.hasPrivateLinkage() && variable.hasName())
      variable.setLinkage(GlobalValue::InternalLinkage);
}

namespace {

/// Functions in whose own bytes, wherever they will lie, an instruction begins
/// that could undo a seal.
StringSet<> findUnsealable(StringRef bytes) {
  StringSet<> names;
  std::unique_ptr<ObjectFile> file = cantFail(
      ObjectFile::createELFObjectFile(MemoryBufferRef(bytes, "program")));
  DenseMap<SectionRef, std::vector<image::Instruction>> found;
  for (const SectionRef &section : file->sections()) {
    StringRef name = cantFail(section.getName());
    // Boot code does so on purpose, and is gone then.
    if (section.isText() && !name.starts_with(".text.boot"))
      found[section] = image::findPrivileged(
          arrayRefFromStringRef(cantFail(section.getContents())), 0);
  }
  for (const ELFSymbolRef symbol : file->symbols()) {
    if (cantFail(symbol.getType()) != SymbolRef::ST_Function)
      continue;
    section_iterator section = cantFail(symbol.getSection());
    if (section == file->section_end())
      continue;
    std::uint64_t start = cantFail(symbol.getAddress());
    for (const image::Instruction &instruction : found.lookup(*section))
      if (instruction.address >= start &&
          instruction.address < start + symbol.getSize())
        names.insert(cantFail(symbol.getName()));
  }
  return names;
}

/// A value of the same type that assembly makes of it, before the instruction.
CallInst *throughAssembly(Value *value, Instruction *before, StringRef text,
                          StringRef constraints) {
  Type *type = value->getType();
  InlineAsm *code = InlineAsm::get(FunctionType::get(type, {type}, false), text,
                                   constraints, /*hasSideEffects=*/false);
  auto *call = CallInst::Create(code, {value}, "", before->getIterator());
  call->setDoesNotThrow();
  return call;
}

/// The same value, which the optimiser does not look into.
CallInst *hide(Value *value, Instruction *before) {
  return throughAssembly(value, before, "", "=r,0");
}

std::vector<Use *> findUses(Function &function,
                            bool (*isWanted)(const Use &use)) {
  std::vector<Use *> uses;
  for (BasicBlock &block : function)
    for (Instruction &instruction : block)
      for (Use &use : instruction.operands())
        if (isWanted(use))
          uses.push_back(&use);
  return uses;
}

/// Addresses are in a register before they are used, so that no instruction has a
/// displacement and something else behind it.
void hideAddresses(Function &function) {
  for (BasicBlock &block : function)
    for (Instruction &instruction : make_early_inc_range(block))
      if (Value *pointer = getLoadStorePointerOperand(&instruction);
          pointer && !isa<Constant>(pointer))
        instruction.replaceUsesOfWith(pointer, hide(pointer, &instruction));
}

/// Whether a number has the byte that begins forbidden instructions.
bool hasEscape(std::uint64_t number) {
  for (; number; number >>= 8)
    if ((number & 0xff) == 0x0f)
      return true;
  return false;
}

/// Whether an operand is such a number, and like any other.
bool isToSplit(const Use &use) {
  const auto *number = dyn_cast<ConstantInt>(use.get());
  if (!number || !number->getType()->isIntegerTy() ||
      !is_contained({8u, 16u, 32u, 64u}, number->getBitWidth()))
    return false;
  if (const auto *call = dyn_cast<CallBase>(use.getUser());
      call && (isa<IntrinsicInst>(call) || call->isInlineAsm() ||
               !call->isArgOperand(&use)))
    return false;
  if (!isa<CallBase, BinaryOperator, CmpInst, StoreInst, SelectInst, ReturnInst>(
          use.getUser()))
    return false;
  return hasEscape(number->getZExtValue());
}

/// Such numbers are put together of two others.
void splitConstants(Function &function) {
  constexpr std::uint64_t kPart = 0x1010'1010'1010'1010;
  for (Use *use : findUses(function, isToSplit)) {
    auto *type = cast<IntegerType>(use->get()->getType());
    auto number = [&](std::uint64_t value) {
      return ConstantInt::get(
          type, APInt(type->getBitWidth(), value, /*isSigned=*/false,
                      /*implicitTrunc=*/true));
    };
    auto *user = cast<Instruction>(use->getUser());
    std::uint64_t whole = cast<ConstantInt>(use->get())->getZExtValue(),
                  part = kPart;
    while (hasEscape(whole ^ part)) // each byte can be against one part
      part += kPart;
    use->set(IRBuilder<>(user).CreateXor(hide(number(whole ^ part), user),
                                         number(part)));
  }
}

/// Most addresses of data that look like an instruction do by their lowest byte, which
/// is odd then. Where there are many, they are even.
void alignData(Module &module) {
  constexpr std::uint64_t kMany = 32 << 10; // bytes
  std::vector<GlobalVariable *> packed;
  std::uint64_t bytes = 0;
  const DataLayout &layout = module.getDataLayout();
  for (GlobalVariable &variable : module.globals()) {
    Type *type = variable.getValueType();
    if (variable.isDeclaration() ||
        layout.getValueOrABITypeAlignment(variable.getAlign(), type) > 1)
      continue;
    packed.push_back(&variable);
    bytes += layout.getTypeAllocSize(type);
  }
  if (bytes >= kMany)
    for (GlobalVariable *variable : packed)
      variable->setAlignment(Align(2));
}

/// Whether the operand takes the address of a datum: where a load or a store names one,
/// its distance from the instruction is encoded.
bool takesAddress(const Use &use) {
  if (!isa<Constant>(use.get()) || !use->getType()->isPointerTy())
    return false;
  const auto *variable =
      dyn_cast<GlobalVariable>(use->stripInBoundsConstantOffsets());
  const User *user = use.getUser();
  if (!variable || variable->isThreadLocal())
    return false;
  if (const auto *call = dyn_cast<CallBase>(user))
    return call->isArgOperand(&use) && !call->isInlineAsm() &&
           (!isa<IntrinsicInst>(call) || isa<AnyMemIntrinsic>(call));
  if (isa<StoreInst>(user))
    return use.getOperandNo() != StoreInst::getPointerOperandIndex();
  return isa<SelectInst, PHINode, ReturnInst, ICmpInst, GetElementPtrInst>(user);
}

/// Such addresses are said by distances from the instruction.
void addressRelatively(Function &function) {
  auto load = [](Use &use, Instruction *before) {
    return throughAssembly(use.get(), before, "leaq ${1:c}(%rip), $0", "=r,i");
  };
  // A block that leads twice to another has one value for it.
  std::map<std::pair<BasicBlock *, Value *>, Value *> ofBlock;
  for (Use *use : findUses(function, takesAddress)) {
    auto *user = cast<Instruction>(use->getUser());
    auto *phi = dyn_cast<PHINode>(user);
    if (!phi) {
      use->set(load(*use, user));
      continue;
    }
    BasicBlock *from = phi->getIncomingBlock(*use);
    Value *&known = ofBlock[{from, use->get()}];
    if (!known)
      known = load(*use, from->getTerminator());
    use->set(known);
  }
}

/// In a function of many calls some distance looks like an instruction wherever it
/// lies. The addresses are each the same for all who call, and few.
void callIndirectly(Function &function) {
  constexpr std::size_t kMany = 32;
  std::vector<Use *> callees = findUses(function, [](const Use &use) {
    const auto *call = dyn_cast<CallBase>(use.getUser());
    return call && !call->isMustTailCall() && call->isCallee(&use) &&
           isa<Function>(use.get()) && !isa<IntrinsicInst>(call);
  });
  if (callees.size() >= kMany)
    for (Use *callee : callees)
      callee->set(hide(*callee, cast<Instruction>(callee->getUser())));
}

/// Another encoding of the same code: moves every branch target a little; where that
/// did not help, names the stack's slots by another register (a flag that is spilled
/// to 15(%rsp) and tested is such an instruction); then has addresses in registers (so
/// is `cmpb $1, 15(%rdi)` with a jump behind it), and splits constants.
void vary(Function &function, unsigned count) {
  constexpr unsigned kWithFramePointer = 3, kWithHiddenAddresses = 5,
                     kWithSplitConstants = 6;
  if (count >= kWithFramePointer)
    function.addFnAttr("frame-pointer", "all");
  if (count >= kWithHiddenAddresses)
    hideAddresses(function);
  if (count >= kWithSplitConstants)
    splitConstants(function);
  std::string text;
  for (unsigned i = 0; i != count; ++i)
    text += "nop\n";
  auto *type = FunctionType::get(Type::getVoidTy(function.getContext()), false);
  InlineAsm *nops = InlineAsm::get(type, text, "", /*hasSideEffects=*/true);
  for (BasicBlock &block : function)
    if (auto at = block.getFirstInsertionPt(); at != block.end()) {
      auto *call = CallInst::Create(type, nops, "", at);
      call->setDoesNotThrow();
    }
}

/// The functions of those names, and variables that their code may depend on.
class Excerpt {
public:
  Excerpt(const Module &module, const StringSet<> &names) {
    for (const auto &name : names)
      if (const Function *function = module.getFunction(name.getKey()))
        functions.insert(function);
    for (const Function *function : functions)
      for (const BasicBlock &block : *function)
        for (const Instruction &instruction : block)
          addOperands(instruction);
  }

  std::unique_ptr<Module> clone(const Module &module) const {
    ValueToValueMapTy map;
    auto result = CloneModule(module, map, [this](const GlobalValue *value) {
      return functions.contains(dyn_cast<Function>(value)) ||
             variables.contains(dyn_cast<GlobalVariable>(value));
    });
    StripDebugInfo(*result);
    return result;
  }

private:
  void addOperands(const User &user) {
    for (const Use &use : user.operands())
      if (const auto *constant = dyn_cast<Constant>(use);
          constant && visited.insert(constant).second)
        add(*constant);
  }
  void add(const Constant &constant) {
    if (const auto *variable = dyn_cast<GlobalVariable>(&constant)) {
      // A table of labels stands for its function alone.
      if (!variable->hasInitializer() ||
          refersToOther(*variable->getInitializer()))
        return;
      variables.insert(variable);
    }
    if (!isa<Function, GlobalAlias, BlockAddress>(constant))
      addOperands(constant);
  }
  bool refersToOther(const Constant &constant) const {
    if (const auto *label = dyn_cast<BlockAddress>(&constant))
      return !functions.contains(label->getFunction());
    return !isa<GlobalValue>(constant) &&
           any_of(constant.operands(), [this](const Use &use) {
             return refersToOther(*cast<Constant>(use));
           });
  }

  SmallPtrSet<const Function *, 8> functions;
  SmallPtrSet<const GlobalVariable *, 32> variables;
  SmallPtrSet<const Constant *, 32> visited;
};

/// Finds out how often each of the functions has to be varied, by generating
/// them by themselves, again and again; 0: it is in vain.
void findVariants(const Module &module, TargetMachine &machine,
                  StringSet<> names, StringMap<unsigned> &variants) {
  constexpr unsigned kMostRounds = 8;
  for (unsigned round = 0; round != kMostRounds && !names.empty(); ++round) {
    std::unique_ptr<Module> part = Excerpt(module, names).clone(module);
    for (const auto &name : names)
      vary(*part->getFunction(name.getKey()), ++variants[name.getKey()]);
    SmallString<0> object;
    emitObject(*part, machine, object);
    StringSet<> left = findUnsealable(object);
    for (const auto &name : StringSet<>(names))
      if (!left.contains(name.getKey()))
        names.erase(name.getKey());
  }
  for (const auto &name : names)
    variants[name.getKey()] = 0;
}

/// Generates code, and again where the distance of two branches or the place of
/// a slot, or a constant, by chance, is such an instruction. What is left (the program's
/// own assembly) keeps an image from a seal. Code is generated of copies.
void emitSealable(Module &module, TargetMachine &machine, const Seal &seal,
                  SmallVectorImpl<char> &object) {
  // Once more if functions turned out otherwise than by themselves.
  constexpr unsigned kMostRounds = 2;
  for (Function &function : module) {
    if (seal.hasRelativeData)
      addressRelatively(function);
    if (seal.hasIndirectCalls)
      callIndirectly(function);
  }
  emitObject(*CloneModule(module), machine, object);
  StringMap<unsigned> variants;
  for (unsigned round = 0; round != kMostRounds; ++round) {
    StringSet<> names;
    for (const auto &name :
         findUnsealable(StringRef(object.data(), object.size()))) {
      const Function *function = module.getFunction(name.getKey());
      auto known = variants.find(name.getKey());
      bool isVain = known != variants.end() && known->getValue() == 0;
      if (function && !isVain)
        names.insert(name.getKey());
    }
    if (names.empty())
      return;
    findVariants(module, machine, std::move(names), variants);
    std::unique_ptr<Module> next = CloneModule(module);
    for (const auto &entry : variants)
      vary(*next->getFunction(entry.getKey()), entry.getValue());
    object.clear();
    emitObject(*next, machine, object);
  }
}

/// What -Wframe-larger-than= goes by, told to us.
struct FrameSizes final : DiagnosticHandler {
  FrameSizes(StringMap<std::uint64_t> &sizes,
             std::unique_ptr<DiagnosticHandler> next)
      : sizes(sizes), next(std::move(next)) {}

  bool handleDiagnostics(const DiagnosticInfo &info) override {
    const auto *frame = dyn_cast<DiagnosticInfoStackSize>(&info);
    if (!frame)
      return next && next->handleDiagnostics(info);
    sizes[frame->getFunction().getName()] = frame->getStackSize();
    return true;
  }

  StringMap<std::uint64_t> &sizes;
  std::unique_ptr<DiagnosticHandler> next;
};

} // namespace

std::vector<SmallString<0>> generateCode(Program &program,
                                         TargetMachine &machine,
                                         unsigned optLevel, const Seal &seal,
                                         StringMap<std::uint64_t> &frames) {
  nameConstants(*program.module);
  keepFrames();
  for (Function &function : *program.module)
    if (!function.isDeclaration())
      function.addFnAttr("warn-stack-size", utostr(kLargeFrame));
  if (seal.isWanted)
    alignData(*program.module);
  auto emit = [&](Module &module, TargetMachine &machine,
                  SmallVectorImpl<char> &object) {
    if (seal.isWanted)
      emitSealable(module, machine, seal, object);
    else
      emitObject(module, machine, object);
  };
  if (program.module->getInstructionCount() < kParallelThreshold) {
    std::vector<SmallString<0>> objects(1);
    LLVMContext &context = program.context;
    context.setDiagnosticHandler(
        std::make_unique<FrameSizes>(frames, context.getDiagnosticHandler()));
    emit(*program.module, machine, objects[0]);
    return objects;
  }
  std::vector<SmallString<0>> objects(kPartitions);
  std::vector<SmallString<0>> bitcode;
  SplitModule(
      *program.module, kPartitions,
      [&](std::unique_ptr<Module> part) {
        raw_svector_ostream os(bitcode.emplace_back());
        WriteBitcodeToFile(*part, os);
      },
      /*PreserveLocals=*/false);
  std::vector<StringMap<std::uint64_t>> framesOfParts(kPartitions);
  DefaultThreadPool pool(hardware_concurrency(kPartitions));
  for (unsigned i = 0; i < bitcode.size(); ++i)
    pool.async([&, i] {
      LLVMContext context;
      context.setDiagnosticHandler(
          std::make_unique<FrameSizes>(framesOfParts[i], nullptr));
      std::unique_ptr<Module> part = cantFail(
          parseBitcodeFile(MemoryBufferRef(bitcode[i], "partition"), context));
      emit(*part, *createTargetMachine(optLevel), objects[i]);
    });
  pool.wait();
  for (const StringMap<std::uint64_t> &part : framesOfParts)
    for (const auto &frame : part)
      frames[frame.getKey()] = frame.getValue();
  return objects;
}

} // namespace ampoule::linker
