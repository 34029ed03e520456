// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Code generation. A large program is split in four, whatever the machine: the
// same program must give the same bytes everywhere. Each partition is generated
// in a thread and context of its own.
#include "linker/Codegen.h"
#include "linker/Frames.h"
#include "linker/Optimise.h"

#include "llvm/Bitcode/BitcodeReader.h"
#include "llvm/Bitcode/BitcodeWriter.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/Support/ThreadPool.h"
#include "llvm/Transforms/Utils/SplitModule.h"

using namespace llvm;

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

std::vector<SmallString<0>>
generateCode(Program &program, TargetMachine &machine, unsigned optLevel) {
  nameConstants(*program.module);
  if (program.module->getInstructionCount() < kParallelThreshold) {
    std::vector<SmallString<0>> objects(1);
    emitObject(*program.module, machine, objects[0]);
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
  DefaultThreadPool pool(hardware_concurrency(kPartitions));
  for (unsigned i = 0; i < bitcode.size(); ++i)
    pool.async([&, i] {
      LLVMContext context;
      std::unique_ptr<Module> part = cantFail(
          parseBitcodeFile(MemoryBufferRef(bitcode[i], "partition"), context));
      emitObject(*part, *createTargetMachine(optLevel), objects[i]);
    });
  pool.wait();
  return objects;
}

} // namespace ampoule::linker
