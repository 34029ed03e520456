// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What became of every definition of the merged program, and by whom.
#pragma once

#include "linker/Explanation.h"
#include "linker/Program.h"

#include "llvm/IR/PassInstrumentation.h"
#include "llvm/IR/ValueHandle.h"
#include <deque>
#include <map>

namespace ampoule::linker {

/// The symbols of the finished file.
struct FinalSymbols {
  struct Symbol {
    std::uint64_t address;
    std::uint64_t size;
    bool isCode;
  };
  llvm::StringMap<Symbol> table;
  /// By address: which of several symbols the byte map names.
  std::map<std::uint64_t, std::string> named;
};

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
  /// Call when the optimiser is done: notes what refers to constants that will
  /// have no symbol.
  void noteConstants();
  /// The fate of every node of the graph of all that came in (`before`) and of
  /// what the optimiser added. `after` is the graph when nothing fell any more,
  /// `symbols` are those of the finished file.
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
  /// By constant without a symbol: the names of the definitions that use it.
  llvm::StringMap<std::vector<std::string>> usersOfConstant;
  bool pruning = false;
};

} // namespace ampoule::linker
