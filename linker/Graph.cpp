// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The output of --print=graph:
//
//   root _start: entry point
//   main -> puts: call at main.cpp:3:5
#include "linker/Graph.h"

#include "llvm/Support/ErrorHandling.h"

using namespace llvm;

namespace ampoule::linker {

StringRef describe(Reason reason) {
  switch (reason) {
  case Reason::Entry:
    return "entry point";
  case Reason::Option:
    return "named by an option";
  case Reason::Retained:
    return "retained";
  case Reason::Constructor:
    return "static constructor";
  case Reason::Call:
    return "call";
  case Reason::Address:
    return "address taken";
  case Reason::VtableSlot:
    return "vtable slot";
  case Reason::Initialiser:
    return "initialiser";
  case Reason::Personality:
    return "personality";
  case Reason::Alias:
    return "alias";
  case Reason::Assembly:
    return "used by assembly";
  case Reason::Native:
    return "used by native section";
  case Reason::Codegen:
    return "kept for code generation";
  case Reason::Derived:
    return "made by the optimiser";
  case Reason::Module:
    return "part of it";
  case Reason::ModuleInit:
    return "module init";
  case Reason::ModuleNeeds:
    return "module needs";
  }
  llvm_unreachable("unknown reason");
}

StringRef describe(Node::Kind kind) {
  switch (kind) {
  case Node::Function:
    return "function";
  case Node::Variable:
    return "variable";
  case Node::Alias:
    return "alias";
  case Node::Section:
    return "section";
  case Node::Module:
    return "module";
  }
  llvm_unreachable("unknown kind");
}

// As Places names them.
bool isLibraryPlace(StringRef place) {
  for (StringRef folder : {"c++/v1/", "llvm/", "musl/", "libos/", "xen-boot/"})
    if (place.starts_with(folder))
      return true;
  return false;
}

StringRef usersLine(StringRef place) {
  while (!place.empty()) {
    auto [first, rest] = place.split(", inlined at ");
    if (!isLibraryPlace(first))
      return first;
    place = rest;
  }
  return "";
}

StringMap<unsigned> findDefinitions(const Graph &graph) {
  StringMap<unsigned> ids;
  for (unsigned id = 0; id != graph.nodes.size(); ++id) {
    const Node &node = graph[id];
    if (node.isDefinition)
      ids.try_emplace(node.name, id);
    for (const std::string &symbol : node.symbols)
      ids.try_emplace(symbol, id);
  }
  return ids;
}

void printGraph(const Graph &graph, raw_ostream &os) {
  for (const Edge &root : graph.roots)
    os << "root " << graph[root.to].name << ": " << describe(root.reason)
       << '\n';
  for (const Node &node : graph.nodes) {
    for (const Edge &edge : node.edges) {
      os << node.name << " -> " << graph[edge.to].name << ": "
         << describe(edge.reason);
      if (edge.place)
        os << " at " << graph.places[edge.place];
      os << '\n';
    }
    for (const Slot &slot : node.slots) {
      os << node.name << " -> " << graph[slot.function].name
         << ": vtable slot, called through";
      for (unsigned key : slot.keys)
        os << ' ' << graph.keys[key];
      os << (slot.keys.empty() ? " nothing\n" : "\n");
    }
    for (const VirtualCall &call : node.calls) {
      os << node.name << " calls through " << graph.keys[call.key];
      if (call.place)
        os << " at " << graph.places[call.place];
      os << '\n';
    }
  }
}

} // namespace ampoule::linker
