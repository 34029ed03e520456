// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What became of every definition of the merged program, and by whom.
#pragma once

#include "linker/Measure.h"

#include "llvm/IR/PassInstrumentation.h"
#include "llvm/IR/ValueHandle.h"
#include <deque>

namespace ampoule::linker {

/// Watches a program's definitions from its construction on. Identity is the
/// name: a function that a pass writes anew under the old name lives on.
class Fates {
public:
  explicit Fates(Program &program);
  Fates(const Fates &) = delete;
  ~Fates();

  void watch(llvm::GlobalValue &value);
  /// For the pass managers that change the program.
  llvm::PassInstrumentationCallbacks &instrumentation() { return callbacks; }
  /// What is deleted until the end of `action` is unreachable.
  template <typename Action> void asUnreachable(Action action) {
    pruning = true;
    action();
    pruning = false;
  }
  /// The fate of every node of the graph of all that came in (`before`) and of
  /// what the optimiser added. `after` is the graph when nothing fell any more,
  /// `symbols` are those of the finished file. Sizes are not filled in.
  Explanation explain(Graph before, const Graph &after,
                      const FinalSymbols &symbols) const;

private:
  class Watcher;
  struct Remarks;

  void passStarts(llvm::StringRef pass) { passes.push_back(pass); }
  void passEnds() { passes.pop_back(); }
  /// The innermost pass that is not a manager of others.
  llvm::StringRef currentPass() const;
  void onDeleted(llvm::StringRef name, bool isFunction,
                 llvm::StringRef replacement);

  Program &program;
  llvm::PassInstrumentationCallbacks callbacks;
  std::vector<llvm::StringRef> passes;
  std::deque<Watcher> watchers;
  llvm::StringMap<Fate> fates;
  llvm::StringMap<std::vector<std::string>> inlinedInto;
  bool pruning = false;
};

} // namespace ampoule::linker
