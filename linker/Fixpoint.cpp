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

using namespace llvm;

namespace ampoule::linker {

Closure findClosure(Program &program, const SymbolTable &symbols,
                    ModuleSet &modules, const Config &config,
                    ArrayRef<std::string> entries, TargetMachine &machine,
                    Fates &fates, Diag &diag) {
  Closure closure;
  for (;;) {
    closure.graph =
        buildGraph(program, symbols, modules, config, entries, diag);
    closure.live = reach(closure.graph);
    if (closure.rounds++ == 0)
      closure.before = closure.graph;
    dropModules(modules, closure.graph, closure.live);
    if (config.prune != Prune::All)
      return closure;
    bool fell = false;
    fates.asUnreachable(
        [&] { fell = prune(program, closure.graph, closure.live); });
    if (config.optLevel == 0 || (closure.rounds > 1 && !fell))
      return closure;
    simplify(*program.module, machine, &fates.instrumentation());
  }
}

} // namespace ampoule::linker
