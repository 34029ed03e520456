// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Liveness. The output of --print=reach:
//
//   live: sys_write
//   >>> call from write at unistd/write.c:6:9
//   >>> call from main at main.cpp:4:3
//   >>> entry point
//
// and of a virtual function, first how the vtable is reached, then the call:
//
//   live: _ZN7Derived1fEv
//   >>> vtable slot of _ZTV7Derived
//   >>> address taken in main at main.cpp:9:12
//   >>> entry point
//   >>> and called through 4Base+0 by main at main.cpp:10:6
//   >>> entry point
#include "linker/Reach.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallSet.h"
#include <deque>

using namespace llvm;

namespace ampoule::linker {
namespace {

class Marker {
public:
  Marker(const Graph &graph, bool withGone,
         function_ref<bool(unsigned, unsigned)> cut)
      : graph(graph), withGone(withGone), cut(cut), callers(graph.keys.size()),
        waiting(graph.keys.size()) {
    live.parents.resize(graph.nodes.size());
  }

  LiveSet run() {
    for (const Edge &root : graph.roots)
      if (withGone || !root.gone)
        mark(root.to, {LiveSet::kRoot, root.reason, root.place});
    while (!queue.empty()) {
      unsigned id = queue.front();
      queue.pop_front();
      const Node &node = graph[id];
      for (const Edge &edge : node.edges)
        if (withGone || !edge.gone)
          mark(edge.to, {id, edge.reason, edge.place});
      for (const Slot &slot : node.slots)
        addSlot(id, slot);
      for (const VirtualCall &call : node.calls)
        if (withGone || !call.gone)
          addCall(id, call);
    }
    return std::move(live);
  }

private:
  struct Waiting {
    unsigned vtable;
    unsigned function;
  };

  void mark(unsigned node, LiveSet::Parent parent) {
    if (live.parents[node] || (cut && cut(parent.from, node)))
      return;
    live.parents[node] = parent;
    queue.push_back(node);
  }

  void markSlot(Waiting slot, unsigned key) {
    auto [caller, place] = *callers[key];
    mark(slot.function,
         {slot.vtable, Reason::VtableSlot, 0, caller, place, key});
  }

  void addSlot(unsigned vtable, const Slot &slot) {
    for (unsigned key : slot.keys)
      if (callers[key])
        markSlot({vtable, slot.function}, key);
      else
        waiting[key].push_back({vtable, slot.function});
  }

  void addCall(unsigned caller, const VirtualCall &call) {
    if (callers[call.key])
      return;
    callers[call.key] = {caller, call.place};
    for (Waiting slot : waiting[call.key])
      markSlot(slot, call.key);
  }

  const Graph &graph;
  bool withGone;
  function_ref<bool(unsigned, unsigned)> cut;
  LiveSet live;
  std::deque<unsigned> queue;
  /// By key: the first live caller and its place.
  std::vector<std::optional<std::pair<unsigned, unsigned>>> callers;
  /// By key: slots of live vtables that nobody calls yet.
  std::vector<std::vector<Waiting>> waiting;
};

/// Both premises of a slot are printed once, however often a chain meets them.
void printSteps(const Graph &graph, const LiveSet &live, unsigned node,
                function_ref<std::string(const Node &)> name, StringRef until,
                SmallSet<unsigned, 16> &printed, raw_ostream &os) {
  auto printPlace = [&](unsigned place) {
    if (place)
      os << " at " << graph.places[place];
    os << '\n';
  };
  std::vector<LiveSet::Parent> slots;
  for (unsigned at = node;;) {
    if (!printed.insert(at).second) {
      os << ">>> as above\n";
      break;
    }
    const LiveSet::Parent &parent = *live.parents[at];
    os << ">>> " << describe(parent.reason);
    if (parent.from == LiveSet::kRoot) {
      printPlace(parent.place ? parent.place : graph[at].place);
      break;
    }
    os << (parent.reason == Reason::Address      ? " in "
           : parent.reason == Reason::VtableSlot ? " of "
           : parent.reason == Reason::Module     ? ": "
                                                 : " from ")
       << name(graph[parent.from]);
    printPlace(parent.place);
    if (parent.caller != LiveSet::kRoot)
      slots.push_back(parent);
    at = parent.from;
    if (!until.empty() && graph[at].name == until)
      break;
  }
  for (const LiveSet::Parent &slot : slots) {
    os << ">>> and called through " << graph.keys[slot.key] << " by "
       << name(graph[slot.caller]);
    printPlace(slot.callerPlace);
    printSteps(graph, live, slot.caller, name, until, printed, os);
  }
}

} // namespace

LiveSet reach(const Graph &graph, bool withGone,
              function_ref<bool(unsigned, unsigned)> cut) {
  return Marker(graph, withGone, cut).run();
}

void printChain(const Graph &graph, const LiveSet &live, unsigned node,
                function_ref<std::string(const Node &)> name, raw_ostream &os,
                StringRef until) {
  SmallSet<unsigned, 16> printed;
  printSteps(graph, live, node, name, until, printed, os);
}

StringRef usersLineOn(const Graph &graph, const LiveSet &live, unsigned node) {
  for (unsigned at = node; live.isLive(at);) {
    const LiveSet::Parent &parent = *live.parents[at];
    bool isRoot = parent.from == LiveSet::kRoot;
    if (StringRef line =
            usersLine(graph.places[isRoot ? graph[at].place : parent.place]);
        !line.empty())
      return line;
    if (isRoot)
      break;
    at = parent.from;
  }
  return "";
}

void printReach(const Graph &graph, const LiveSet &live, raw_ostream &os) {
  std::vector<unsigned> sorted;
  for (unsigned node = 0; node != graph.nodes.size(); ++node)
    if (live.isLive(node))
      sorted.push_back(node);
  llvm::sort(sorted, [&](unsigned a, unsigned b) {
    return std::pair(graph[a].name, a) < std::pair(graph[b].name, b);
  });
  for (unsigned node : sorted) {
    os << "live: " << graph[node].name << '\n';
    printChain(
        graph, live, node, [](const Node &node) { return node.name; }, os);
    os << '\n';
  }
}

} // namespace ampoule::linker
