// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// clang's own -cc1 entry is part of its executable, not of its libraries; this
// is the same, from the libraries' public parts.
#include "compiler/Frontend.h"
#include "linker/DynamicTypes.h"

#include "clang/Basic/DiagnosticIDs.h"
#include "clang/Basic/DiagnosticOptions.h"
#include "clang/CodeGen/ObjectFilePCHContainerWriter.h"
#include "clang/Frontend/CompilerInstance.h"
#include "clang/Frontend/CompilerInvocation.h"
#include "clang/Frontend/FrontendDiagnostic.h"
#include "clang/Frontend/TextDiagnosticBuffer.h"
#include "clang/FrontendTool/Utils.h"
#include "clang/Serialization/ObjectFilePCHContainerReader.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/ErrorHandling.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/Signals.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Support/VirtualFileSystem.h"

using namespace llvm;

namespace ampoule::compiler {

/// An error that LLVM cannot recover from: remove outputs, then fail as clang
/// does (70 makes the driver write a reproducer).
static void onFatalError(void *data, const char *message, bool wantsCrash) {
  auto &diagnostics = *static_cast<clang::DiagnosticsEngine *>(data);
  diagnostics.Report(clang::diag::err_fe_error_backend) << message;
  sys::RunInterruptHandlers();
  sys::Process::Exit(wantsCrash ? 70 : 1, /*NoCleanup=*/false);
}

/// The first pass sees what the front end wrote. In IR that comes as a source that is
/// long gone.
struct NoteDynamicTypes : PassInfoMixin<NoteDynamicTypes> {
  PreservedAnalyses run(Module &module, ModuleAnalysisManager &) {
    linker::noteDynamicTypes(module);
    return PreservedAnalyses::all();
  }
  static bool isRequired() { return true; }
};

static bool isSource(const clang::CompilerInstance &instance) {
  return none_of(instance.getFrontendOpts().Inputs,
                 [](const clang::FrontendInputFile &input) {
                   return input.getKind().getLanguage() ==
                          clang::Language::LLVM_IR;
                 });
}

int runFrontend(ArrayRef<const char *> args, const char *argv0) {
  InitializeAllTargets();
  InitializeAllTargetMCs();
  InitializeAllAsmPrinters();
  InitializeAllAsmParsers();

  auto containers = std::make_shared<clang::PCHContainerOperations>();
  containers->registerWriter(
      std::make_unique<clang::ObjectFilePCHContainerWriter>());
  containers->registerReader(
      std::make_unique<clang::ObjectFilePCHContainerReader>());

  // Until the invocation is known, diagnostics wait.
  clang::DiagnosticOptions options;
  clang::TextDiagnosticBuffer buffer;
  clang::DiagnosticsEngine early(clang::DiagnosticIDs::create(), options,
                                 &buffer, /*ShouldOwnClient=*/false);
  auto invocation = std::make_shared<clang::CompilerInvocation>();
  bool valid = clang::CompilerInvocation::CreateFromArgs(*invocation, args,
                                                         early, argv0);
  clang::CompilerInstance instance(std::move(invocation), containers);
  instance.createVirtualFileSystem();
  instance.createDiagnostics();
  if (!instance.hasDiagnostics())
    return 1;
  install_fatal_error_handler(onFatalError, &instance.getDiagnostics());
  buffer.FlushDiagnostics(instance.getDiagnostics());
  if (!valid) {
    instance.getDiagnosticClient().finish();
    remove_fatal_error_handler();
    return 1;
  }
  // The linker names the lines of calls: without -g, track locations and emit
  // nothing of them into the image.
  clang::CodeGenOptions &codegen = instance.getCodeGenOpts();
  if (codegen.getDebugInfo() == codegenoptions::NoDebugInfo)
    codegen.setDebugInfo(codegenoptions::LocTrackingOnly);
  if (isSource(instance))
    codegen.PassBuilderCallbacks.push_back([](PassBuilder &builder) {
      builder.registerPipelineStartEPCallback(
          [](ModulePassManager &passes, OptimizationLevel) {
            passes.addPass(NoteDynamicTypes());
          });
    });
  bool success = clang::ExecuteCompilerInvocation(&instance);
  remove_fatal_error_handler();
  return !success;
}

} // namespace ampoule::compiler
