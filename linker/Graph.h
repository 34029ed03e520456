// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Who refers to whom, and why: a node for each global value of the merged
// module and for each section of a native file, an edge for each reference.
#pragma once

#include "linker/Modules.h"

namespace ampoule::linker {

enum class Reason : std::uint8_t {
  Entry,           ///< where the image starts
  Option,          ///< -u, --defsym or --wrap names it
  Retained,        ///< [[gnu::used]], [[gnu::retain]], a KEEP section
  Constructor,     ///< runs before main
  Call,            ///< is called
  Address,         ///< its address is taken
  VtableSlot,      ///< a vtable holds it
  Initialiser,     ///< a variable's initial value holds it
  Personality,     ///< unwinds a function
  Alias,           ///< is another name of it
  Assembly,        ///< assembly in the program names it
  Native,          ///< a native section refers to it
  ModuleInit,      ///< initialises a live module
  ModuleNeeds,     ///< a live module needs its module
};

llvm::StringRef describe(Reason reason);

struct Edge {
  unsigned to;
  Reason reason;
};

struct Node {
  llvm::GlobalValue *value = nullptr; ///< null for a native section
  InputFile *file = nullptr;          ///< of the native section
  unsigned section = 0;
  std::string name;   ///< mangled symbol, or "file.o:(.section)"
  std::string module; ///< libos folder, library or user's object
  std::vector<Edge> edges;
};

struct Graph {
  std::vector<Node> nodes;
  std::vector<Edge> roots;
  llvm::DenseMap<const llvm::GlobalValue *, unsigned> ofValue;

  const Node &operator[](unsigned id) const { return nodes[id]; }
};

/// Builds the graph. `entries` are the symbols where execution starts.
Graph buildGraph(Program &program, const SymbolTable &symbols,
                 const Config &config, llvm::ArrayRef<std::string> entries,
                 Diag &diag);

void printGraph(const Graph &graph, llvm::raw_ostream &os);

} // namespace ampoule::linker
