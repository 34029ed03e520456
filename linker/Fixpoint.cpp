// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A constant (an address that is configured, a flag that nobody sets) decides
// branches; what only the branch not taken refers to falls, with its module,
// the module's init and its constructors; then fewer places write a variable,
// and more is constant. Nothing is inlined here: a module is live as long as
// one of its functions is called, and the LTO pipeline, which does inline, runs
// when its init is already part of the program.
#include "linker/Fixpoint.h"
#include "linker/Optimise.h"
#include "linker/Prune.h"
#include "linker/Uncaught.h"
#include "linker/UnwindInfo.h"

#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/IntrinsicInst.h"

using namespace llvm;

namespace ampoule::linker {
namespace {

/// Whether a call can give a function of variable arguments a number of floating
/// point. Such a function finds its arguments by their types alone, and hands them
/// on as va_list; so if no call has one, nobody can read one.
bool passesFloats(const Program &program) {
  for (const InputFile *file : program.natives)
    if (!file->isRuntime)
      return true;
  for (const auto &symbol : program.assemblySymbols)
    if (const Function *function = program.module->getFunction(symbol.getKey()))
      if (function->isVarArg())
        return true;
  for (const Function &function : *program.module)
    for (const Instruction &instruction : instructions(function)) {
      const auto *call = dyn_cast<CallBase>(&instruction);
      if (!call || isa<IntrinsicInst>(call))
        continue;
      // All arguments count: a call of a function without a prototype says that
      // they are expected. The callee counts, too, however it is called.
      const auto *callee =
          dyn_cast<Function>(call->getCalledOperand()->stripPointerCasts());
      if (!call->getFunctionType()->isVarArg() &&
          !(callee && callee->isVarArg()))
        continue;
      if (any_of(call->args(), [](const Use &argument) {
            return argument->getType()->isFPOrFPVectorTy();
          }))
        return true;
    }
  return false;
}

/// `int __ampoule_live_X(void)`: can anything refer to X? Such a question is no
/// reference itself. And `int __ampoule_passes_floats(void)`, and the unwinder's.
class Questions {
public:
  Questions(Program &program, const SymbolTable &symbols)
      : program(program),
        floats(program.module->getFunction("__ampoule_passes_floats")),
        unwindInfo(program.module->getFunction(kHasUnwindInfo)) {
    for (Function &function : *program.module) {
      StringRef name = function.getName();
      if (!function.isDeclaration() || !name.consume_front("__ampoule_live_"))
        continue;
      const Symbol *symbol = symbols.find(name);
      bool isNative =
          symbol && symbol->isDefined() && symbol->file && symbol->file->native;
      // References to an alias become references to what it stands for.
      GlobalValue *value = program.module->getNamedValue(name);
      asked.push_back(
          {&function, value ? value->getAliaseeObject() : nullptr, isNative});
    }
  }

  /// The answer no is final, since nothing that fell comes back; yes is given
  /// at the end.
  void answer(bool atEnd) {
    if (auto *function = cast_or_null<Function>(floats);
        function && function->isDeclaration())
      if (bool answer = passesFloats(program); !answer || atEnd)
        define(*function, answer);
    for (Question &question : asked) {
      auto *function = cast_or_null<Function>(question.function);
      if (!function || !function->isDeclaration())
        continue;
      Value *value = question.value;
      auto *object = dyn_cast_or_null<GlobalValue>(value);
      bool isLive = question.isNative || (object && !object->isDeclaration());
      if (isLive && !atEnd)
        continue;
      define(*function, isLive);
    }
  }

  void answerUnwindInfo(bool answer) {
    if (auto *function = cast_or_null<Function>(unwindInfo);
        function && function->isDeclaration())
      define(*function, answer);
  }

private:
  void define(Function &function, bool answer) {
    IRBuilder<> builder(
        BasicBlock::Create(program.context, "entry", &function));
    builder.CreateRet(builder.getInt32(answer));
    function.setLinkage(GlobalValue::InternalLinkage);
    function.setVisibility(GlobalValue::DefaultVisibility);
    setOrigin(function, kStartOrigin);
  }

  struct Question {
    WeakTrackingVH function, value;
    bool isNative;
  };
  Program &program;
  WeakTrackingVH floats, unwindInfo;
  std::vector<Question> asked;
};

std::size_t countDefinitions(const Module &module) {
  return count_if(module, [](const Function &function) {
    return !function.isDeclaration();
  });
}

} // namespace

Closure findClosure(Program &program, const SymbolTable &symbols,
                    ModuleSet &modules, const Config &config,
                    ArrayRef<std::string> entries, TargetMachine &machine,
                    Fates &fates, Diag &diag) {
  Closure closure;
  Questions questions(program, symbols);
  // Whether a function left that could be all that keeps something; the optimiser, too,
  // takes some away.
  bool isSmaller = true;
  for (;;) {
    closure.graph =
        buildGraph(program, symbols, modules, config, entries, diag);
    closure.live = reach(closure.graph);
    if (closure.rounds++ == 0)
      closure.before = closure.graph;
    dropModules(modules, closure.graph, closure.live);
    bool isRepeated = config.prune == Prune::All && config.optLevel != 0;
    if (isRepeated)
      isSmaller |= dropLandingPads(program, closure.graph, closure.live);
    if (config.prune >= Prune::Once)
      fates.asUnreachable([&] {
        isSmaller |= prune(program, closure.graph, closure.live);
      });
    bool isLast = !isRepeated || !isSmaller;
    questions.answer(isLast);
    // What falls later is no reason against it.
    bool isPossible = config.unwindInfo && config.target == Target::Xen &&
                      config.optLevel != 0;
    if (isPossible && !program.hasUnwindInfo)
      program.hasUnwindInfo =
          canHaveUnwindInfo(program, closure.graph, closure.live);
    if (program.hasUnwindInfo || !isPossible || isLast)
      questions.answerUnwindInfo(program.hasUnwindInfo);
    if (isLast) {
      if (isRepeated)
        dropUnwindTables(program, closure.graph, closure.live);
      return closure;
    }
    std::size_t definitions = countDefinitions(*program.module);
    simplify(*program.module, machine, &fates.instrumentation());
    isSmaller = countDefinitions(*program.module) != definitions;
  }
}

} // namespace ampoule::linker
