// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Value handles tell of deletions and replacements, pass instrumentation who
// was at work, and the inliner's remarks where bodies went.
#include "linker/Fates.h"
#include "linker/Reach.h"

#include "llvm/ADT/SmallSet.h"
#include "llvm/IR/DiagnosticHandler.h"
#include "llvm/IR/DiagnosticInfo.h"

using namespace llvm;

namespace ampoule::linker {

class Fates::Watcher final : public CallbackVH {
public:
  Watcher(GlobalValue &value, Fates &owner)
      : CallbackVH(&value), owner(owner), name(value.getName().str()),
        isFunction(isa<Function>(value)) {}

private:
  void deleted() override {
    setValPtr(nullptr);
    owner.onDeleted(name, isFunction, replacement);
  }
  void allUsesReplacedWith(Value *value) override {
    auto *global = dyn_cast<GlobalValue>(value->stripPointerCasts());
    if (global && global->getName() != name)
      replacement = global->getName().str();
  }

  Fates &owner;
  std::string name;
  bool isFunction;
  std::string replacement;
};

/// The inliner's remarks; every other diagnostic goes where it went.
struct Fates::Remarks final : DiagnosticHandler {
  Remarks(Fates &owner, std::unique_ptr<DiagnosticHandler> next)
      : owner(owner), next(std::move(next)) {}

  bool handleDiagnostics(const DiagnosticInfo &info) override {
    const auto *remark = dyn_cast<OptimizationRemark>(&info);
    if (!remark)
      return next->handleDiagnostics(info);
    std::string callee, caller;
    for (const DiagnosticInfoOptimizationBase::Argument &argument :
         remark->getArgs())
      if (argument.Key == "Callee")
        callee = argument.Val;
      else if (argument.Key == "Caller")
        caller = argument.Val;
    std::vector<std::string> &into = owner.inlinedInto[callee];
    if (!is_contained(into, caller))
      into.push_back(caller);
    return true;
  }
  // Asked before a remark is written: only while the inliner is at work.
  bool isAnyRemarkEnabled() const override {
    return owner.currentPass().contains("Inliner");
  }
  bool isPassedOptRemarkEnabled(StringRef pass) const override {
    return pass == "inline";
  }

  Fates &owner;
  std::unique_ptr<DiagnosticHandler> next;
};

Fates::Fates(Program &program) : program(program) {
  for (GlobalValue &value : program.module->global_values())
    if (!value.isDeclaration() && !isIntrinsicVariable(value))
      watch(value);
  callbacks.registerBeforeNonSkippedPassCallback(
      [this](StringRef pass, Any) { passStarts(pass); });
  callbacks.registerAfterPassCallback(
      [this](StringRef, Any, const PreservedAnalyses &) { passEnds(); });
  callbacks.registerAfterPassInvalidatedCallback(
      [this](StringRef, const PreservedAnalyses &) { passEnds(); });
  program.context.setDiagnosticHandler(
      std::make_unique<Remarks>(*this, program.context.getDiagnosticHandler()));
}

Fates::~Fates() = default;

void Fates::watch(GlobalValue &value) {
  if (value.hasName())
    watchers.emplace_back(value, *this);
}

StringRef Fates::currentPass() const {
  for (StringRef pass : reverse(passes))
    if (!pass.contains("PassManager") && !pass.contains("Adaptor") &&
        !pass.contains("Wrapper"))
      return pass;
  return passes.empty() ? "" : passes.back();
}

void Fates::onDeleted(StringRef name, bool isFunction, StringRef replacement) {
  if (GlobalValue *heir = program.module->getNamedValue(name);
      heir && !heir->isDeclaration()) {
    watch(*heir);
    return;
  }
  Fate &fate = fates[name];
  if (pruning) {
    fate.kind = Fate::Unreachable;
    return;
  }
  fate.by = currentPass().str();
  auto inlined = inlinedInto.find(name);
  if (!replacement.empty()) {
    fate.kind = Fate::Folded;
    fate.into = {replacement.str()};
  } else if (inlined != inlinedInto.end()) {
    fate.kind = Fate::Inlined;
    fate.by = "InlinerPass";
    fate.into = inlined->second;
  } else {
    // A pass deletes a function that was not inlined because nothing uses it.
    fate.kind = isFunction ? Fate::Unreachable : Fate::Removed;
  }
}

namespace {

/// Joins two graphs by names: what is only in `before` is gone.
class Joiner {
public:
  Joiner(Graph before, const Graph &after)
      : graph(std::move(before)), after(after) {}

  Graph join() {
    for (auto [id, node] : enumerate(graph.nodes))
      idOfName.try_emplace(node.name, id);
    for (const Node &node : after.nodes) {
      auto [it, isNew] = idOfName.try_emplace(node.name, graph.nodes.size());
      if (isNew) {
        Node &copy = graph.nodes.emplace_back(node);
        copy.place = placeOf(node.place);
        copy.edges.clear();
        copy.slots.clear();
        copy.calls.clear();
      }
      newId.push_back(it->second);
    }
    for (const std::string &key : graph.keys)
      idOfKey.try_emplace(key, idOfKey.size());
    for (auto [id, node] : enumerate(after.nodes)) {
      joinEdges(graph.nodes[newId[id]].edges, node.edges);
      joinCalls(graph.nodes[newId[id]].calls, node.calls);
    }
    joinEdges(graph.roots, after.roots);
    return std::move(graph);
  }

private:
  unsigned placeOf(unsigned place) {
    if (place == 0)
      return 0;
    if (idOfPlace.empty())
      for (auto [id, text] : enumerate(graph.places))
        idOfPlace.try_emplace(text, id);
    auto [it, isNew] =
        idOfPlace.try_emplace(after.places[place], graph.places.size());
    if (isNew)
      graph.places.push_back(after.places[place]);
    return it->second;
  }

  void joinEdges(std::vector<Edge> &was, ArrayRef<Edge> is) {
    SmallSet<std::pair<unsigned, Reason>, 16> still, known;
    for (const Edge &edge : is)
      still.insert({newId[edge.to], edge.reason});
    for (Edge &edge : was) {
      known.insert({edge.to, edge.reason});
      edge.gone = !still.contains({edge.to, edge.reason});
    }
    for (const Edge &edge : is)
      if (known.insert({newId[edge.to], edge.reason}).second)
        was.push_back({newId[edge.to], edge.reason, placeOf(edge.place)});
  }

  void joinCalls(std::vector<VirtualCall> &was, ArrayRef<VirtualCall> is) {
    SmallSet<unsigned, 16> still;
    for (const VirtualCall &call : is)
      if (auto it = idOfKey.find(after.keys[call.key]); it != idOfKey.end())
        still.insert(it->second);
    for (VirtualCall &call : was)
      call.gone = !still.contains(call.key);
  }

  Graph graph;
  const Graph &after;
  StringMap<unsigned> idOfName, idOfKey, idOfPlace;
  std::vector<unsigned> newId; ///< by node of `after`
};

/// What the optimiser made a symbol of (f.cold, f.specialized.1,
/// switch.table.f), or nothing.
StringRef sourceOf(StringRef symbol) {
  if (symbol.consume_front("switch.table."))
    return symbol;
  std::size_t dot = symbol.find('.', 1);
  return dot == StringRef::npos ? "" : symbol.take_front(dot);
}

} // namespace

Explanation Fates::explain(Graph before, const Graph &after,
                           const FinalSymbols &symbols) const {
  Explanation explanation;
  Graph &graph = explanation.graph = Joiner(std::move(before), after).join();

  StringMap<unsigned> definitions = findDefinitions(graph);
  // What the linker defined after the graph was made, and what passes made.
  for (unsigned id = 0; id != graph.nodes.size(); ++id) {
    Node &node = graph.nodes[id];
    const GlobalValue *value = program.module->getNamedValue(node.name);
    if (!value || value->isDeclaration() || !node.module.empty())
      continue;
    node.isDefinition = true;
    node.module = program.moduleOfOrigin.lookup(originOf(*value));
    definitions.try_emplace(node.name, id);
  }
  for (auto &[address, name] : symbols.named) {
    unsigned id = graph.nodes.size();
    if (!definitions.try_emplace(name, id).second)
      continue;
    Node &node = graph.nodes.emplace_back();
    node.kind =
        symbols.table.lookup(name).isCode ? Node::Function : Node::Variable;
    node.name = name;
    if (auto it = definitions.find(sourceOf(name)); it != definitions.end()) {
      node.module = graph[it->second].module;
      node.object = graph[it->second].object;
      graph.nodes[it->second].edges.push_back({id, Reason::Derived});
    } else {
      node.module = "native runtime";
      graph.roots.push_back({id, Reason::Codegen});
    }
  }

  LiveSet live = reach(graph);
  auto fateOf = [&](unsigned id) -> Fate {
    const Node &node = graph[id];
    if (node.kind == Node::Module || node.kind == Node::Section) {
      if (!live.isLive(id))
        return {Fate::Unreachable, "", {}};
      bool isLost = !node.symbols.empty() &&
                    none_of(node.symbols, [&](const std::string &symbol) {
                      return symbols.table.contains(symbol);
                    });
      return {isLost ? Fate::Discarded : Fate::Kept, "", {}};
    }
    if (auto it = symbols.table.find(node.name); it != symbols.table.end()) {
      auto named = symbols.named.find(it->second.address);
      if (node.kind == Node::Alias || named == symbols.named.end() ||
          named->second == node.name)
        return {};
      return {Fate::Folded, "lld", {named->second}};
    }
    if (auto it = fates.find(node.name); it != fates.end())
      return it->second;
    return {Fate::Discarded, "", {}};
  };
  for (unsigned id = 0; id != graph.nodes.size(); ++id)
    explanation.fates.push_back(fateOf(id));
  return explanation;
}

} // namespace ampoule::linker
