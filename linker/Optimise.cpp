// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The optimiser may turn one library call into another (printf into puts). It
// is told which of them the program has: a call to one that was not linked
// would be undefined, and linking them all just in case would not be small.
#include "linker/Optimise.h"
#include "linker/CallFrames.h"

#include "llvm/Analysis/TargetLibraryInfo.h"
#include "llvm/IR/DebugInfo.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Transforms/IPO/GlobalOpt.h"
#include "llvm/Transforms/IPO/SCCP.h"

using namespace llvm;

namespace ampoule::linker {

std::unique_ptr<TargetMachine> createTargetMachine(unsigned optLevel) {
  static const bool initialised = [] {
    LLVMInitializeX86TargetInfo();
    LLVMInitializeX86Target();
    LLVMInitializeX86TargetMC();
    LLVMInitializeX86AsmParser();
    LLVMInitializeX86AsmPrinter();
    LLVMInitializeX86Disassembler();
    // Branch funnels serve retpolines. They must not be apart from the tables
    // that they compare with, as they would be in two partitions.
    if (auto *threshold = static_cast<cl::opt<unsigned> *>(
            cl::getRegisteredOptions().lookup(
                "wholeprogramdevirt-branch-funnel-threshold")))
      threshold->setValue(0);
    addCallFramePass();
    return true;
  }();
  (void)initialised;
  Triple triple("x86_64-unknown-linux-musl");
  std::string error;
  const llvm::Target *target = TargetRegistry::lookupTarget(triple, error);
  assert(target && "LLVM was built with X86");
  TargetOptions options;
  options.FunctionSections = true;
  options.DataSections = true;
  options.UseInitArray = true;
  options.EmitAddrsig = true;
  options.MCOptions.X86RelaxRelocations = true;
  static constexpr CodeGenOptLevel kLevels[] = {
      CodeGenOptLevel::None, CodeGenOptLevel::Less, CodeGenOptLevel::Default,
      CodeGenOptLevel::Aggressive};
  return std::unique_ptr<TargetMachine>(target->createTargetMachine(
      triple, "x86-64", "", options, Reloc::Static, CodeModel::Small,
      kLevels[optLevel]));
}

namespace {

void runPasses(
    llvm::Module &module, TargetMachine &machine,
    const TargetLibraryInfoImpl &library,
    PassInstrumentationCallbacks *instrumentation,
    function_ref<ModulePassManager(PassBuilder &)> build) {
  PipelineTuningOptions tuning;
  tuning.MergeFunctions = true;
  PassBuilder builder(&machine, tuning, std::nullopt, instrumentation);
  LoopAnalysisManager loops;
  FunctionAnalysisManager functions;
  CGSCCAnalysisManager components;
  ModuleAnalysisManager modules;
  functions.registerPass([&] { return TargetLibraryAnalysis(library); });
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(components);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, components, modules);
  build(builder).run(module, modules);
}

} // namespace

void simplify(llvm::Module &module, TargetMachine &machine,
              PassInstrumentationCallbacks *instrumentation) {
  runPasses(module, machine, TargetLibraryInfoImpl(machine.getTargetTriple()),
            instrumentation, [](PassBuilder &) {
              ModulePassManager passes;
              passes.addPass(IPSCCPPass(IPSCCPOptions(/*AllowFuncSpec=*/false)));
              passes.addPass(GlobalOptPass());
              return passes;
            });
}

void dropUnusedLines(llvm::Module &module) {
  if (all_of(module.debug_compile_units(), [](const DICompileUnit *unit) {
        return unit->getEmissionKind() == DICompileUnit::NoDebug;
      }))
    StripDebugInfo(module);
}

void compileForSize(Program &program) {
  auto isOfProgram = [&](const Function &function) {
    auto it = program.moduleOfOrigin.find(originOf(function));
    return it != program.moduleOfOrigin.end() &&
           program.userModules.contains(it->second);
  };
  for (const Function &function : *program.module)
    if (!function.isDeclaration() && !function.hasMinSize() &&
        isOfProgram(function))
      return;
  for (Function &function : *program.module)
    if (!function.isDeclaration() && !function.hasOptNone()) {
      function.addFnAttr(Attribute::MinSize);
      function.addFnAttr(Attribute::OptimizeForSize);
    }
}

void optimise(llvm::Module &module, TargetMachine &machine, unsigned optLevel,
              function_ref<bool(StringRef)> available,
              PassInstrumentationCallbacks *instrumentation) {
  static constexpr const OptimizationLevel *kLevels[] = {
      &OptimizationLevel::O0, &OptimizationLevel::O1, &OptimizationLevel::O2,
      &OptimizationLevel::O3};
  TargetLibraryInfoImpl library(machine.getTargetTriple());
  {
    TargetLibraryInfo info(library);
    for (unsigned i = 0; i != NumLibFuncs; ++i) {
      auto function = static_cast<LibFunc>(i);
      if (info.has(function) && !available(info.getName(function)))
        library.setUnavailable(function);
    }
  }
  runPasses(module, machine, library, instrumentation,
            [&](PassBuilder &builder) {
              return builder.buildLTODefaultPipeline(
                  *kLevels[optLevel], /*ExportSummary=*/nullptr);
            });
}

} // namespace ampoule::linker
