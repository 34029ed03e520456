// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Liveness. The output of --print=reach:
//
//   live: sys_write
//   >>> call from write
//   >>> call from main
//   >>> entry point
#include "linker/Reach.h"

#include <deque>

using namespace llvm;

namespace ampoule::linker {
namespace {

class Marker {
public:
  Marker(const Graph &graph, const ModuleSet &modules)
      : graph(graph), modules(modules) {}

  LiveSet run() {
    for (const Edge &root : graph.roots)
      mark(root.to, LiveSet::kRoot, root.reason);
    while (!queue.empty()) {
      unsigned id = queue.front();
      queue.pop_front();
      for (const Edge &edge : graph[id].edges)
        mark(edge.to, id, edge.reason);
    }
    return std::move(live);
  }

private:
  void mark(unsigned node, unsigned from, Reason reason) {
    if (!live.parents.try_emplace(node, LiveSet::Parent{from, reason}).second)
      return;
    queue.push_back(node);
    const Node &marked = graph[node];
    if (marked.value && marked.value->isDeclaration())
      return;
    markModule(marked.module, node, Reason::ModuleInit);
  }

  void markModule(StringRef name, unsigned from, Reason reason) {
    const LibosModule *module = modules.find(name);
    if (!module || !live.modules.insert(name).second)
      return;
    if (module->init)
      if (auto it = graph.ofValue.find(module->init); it != graph.ofValue.end())
        mark(it->second, from, reason);
    for (const std::string &need : module->needs)
      markModule(need, from, Reason::ModuleNeeds);
  }

  const Graph &graph;
  const ModuleSet &modules;
  LiveSet live;
  std::deque<unsigned> queue;
};

} // namespace

LiveSet reach(const Graph &graph, const ModuleSet &modules) {
  return Marker(graph, modules).run();
}

void printReach(const Graph &graph, const LiveSet &live, raw_ostream &os) {
  std::vector<unsigned> sorted;
  for (auto &[node, parent] : live.parents)
    sorted.push_back(node);
  sort(sorted, [&](unsigned a, unsigned b) {
    return std::pair(graph[a].name, a) < std::pair(graph[b].name, b);
  });
  for (unsigned node : sorted) {
    os << "live: " << graph[node].name << '\n';
    for (unsigned at = node;;) {
      LiveSet::Parent parent = live.parents.lookup(at);
      os << ">>> " << describe(parent.reason);
      if (parent.from == LiveSet::kRoot) {
        os << '\n';
        break;
      }
      os << " from " << graph[parent.from].name << '\n';
      at = parent.from;
    }
    os << '\n';
  }
}

} // namespace ampoule::linker
