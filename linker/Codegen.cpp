// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Code generation. A large program is split in four, whatever the machine: the
// same program must give the same bytes everywhere. Each partition is generated
// in a thread and context of its own.
#include "linker/Codegen.h"
#include "linker/Frames.h"
#include "linker/Optimise.h"
#include "xen-boot/image/Instructions.h"

#include "llvm/Bitcode/BitcodeReader.h"
#include "llvm/Bitcode/BitcodeWriter.h"
#include "llvm/IR/DiagnosticHandler.h"
#include "llvm/IR/DiagnosticInfo.h"
#include "llvm/IR/InlineAsm.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/Object/ELFObjectFile.h"
#include "llvm/Support/ThreadPool.h"
#include "llvm/Transforms/Utils/Cloning.h"
#include "llvm/Transforms/Utils/SplitModule.h"

using namespace llvm;
using namespace llvm::object;

namespace ampoule::linker {

static constexpr unsigned kPartitions = 4;

void emitObject(Module &module, TargetMachine &machine,
                SmallVectorImpl<char> &object) {
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
  for (const ELFSectionRef section :
       cast<ELFObjectFileBase>(file.get())->sections()) {
    Expected<StringRef> name = section.getName();
    Expected<StringRef> contents = section.getContents();
    if (name && contents && section.isText() && name->consume_front(".text.") &&
        !image::findPrivileged(arrayRefFromStringRef(*contents), 0).empty())
      names.insert(*name);
    consumeError(name ? Error::success() : name.takeError());
    consumeError(contents ? Error::success() : contents.takeError());
  }
  return names;
}

/// Another encoding of the same code: moves every branch target a little, and where
/// that did not help, names the stack's slots by another register. (A flag that is
/// spilled to 15(%rsp) and tested is such an instruction.)
void vary(Function &function, unsigned count) {
  constexpr unsigned kWithFramePointer = 3;
  if (count >= kWithFramePointer)
    function.addFnAttr("frame-pointer", "all");
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

/// Generates code, and again where the distance of two branches or the place of a
/// slot, by chance, is such an instruction. What is left (a constant) keeps an image
/// from a seal.
void emitSealable(Module &module, TargetMachine &machine,
                  SmallVectorImpl<char> &object) {
  constexpr unsigned kMostRounds = 6;
  std::unique_ptr<Module> copy = CloneModule(module);
  emitObject(module, machine, object);
  StringMap<unsigned> variants;
  for (unsigned round = 0; round != kMostRounds; ++round) {
    StringSet<> names = findUnsealable(StringRef(object.data(), object.size()));
    bool isKnown = true;
    for (const auto &name : names)
      if (Function *function = copy->getFunction(name.getKey());
          function && function->getSection().empty())
        isKnown = false, ++variants[name.getKey()];
    if (isKnown)
      return;
    std::unique_ptr<Module> next = CloneModule(*copy);
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

std::vector<SmallString<0>>
generateCode(Program &program, TargetMachine &machine, unsigned optLevel,
             bool isSealed, StringMap<std::uint64_t> &frames) {
  nameConstants(*program.module);
  for (Function &function : *program.module)
    if (!function.isDeclaration())
      function.addFnAttr("warn-stack-size", utostr(kLargeFrame));
  auto emit = isSealed ? emitSealable : emitObject;
  if (program.module->getInstructionCount() < kParallelThreshold) {
    std::vector<SmallString<0>> objects(1);
    LLVMContext &context = program.context;
    context.setDiagnosticHandler(std::make_unique<FrameSizes>(
        frames, context.getDiagnosticHandler()));
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
