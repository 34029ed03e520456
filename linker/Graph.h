// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Who refers to whom, why, and at which line: a node for each global value of
// the merged module, for each section of a native file and for each module of
// the library OS; an edge for each reference. Plain data, so that it can be
// written beside the image (Explanation.h) and asked again there.
#pragma once

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/raw_ostream.h"
#include <cstdint>
#include <string>
#include <vector>

namespace ampoule::linker {

enum class Reason : std::uint8_t {
  Entry,       ///< where the image starts
  Option,      ///< -u, --defsym or --wrap names it
  Retained,    ///< [[gnu::used]], [[gnu::retain]], a KEEP section
  Constructor, ///< runs before main, or after it
  Call,        ///< is called
  Address,     ///< its address is taken
  VtableSlot,  ///< a vtable holds it
  Initialiser, ///< a variable's initial value holds it
  Personality, ///< unwinds a function
  Alias,       ///< is another name of it
  Assembly,    ///< assembly in the program names it
  Native,      ///< a native section refers to it
  Codegen,     ///< code generation calls it
  Derived,     ///< the optimiser made it of another
  Module,      ///< is the module that a definition is part of
  ModuleInit,  ///< initialises a module
  ModuleNeeds, ///< a module needs it
};
inline constexpr unsigned kReasons =
    static_cast<unsigned>(Reason::ModuleNeeds) + 1;

llvm::StringRef describe(Reason reason);

struct Edge {
  unsigned to;
  Reason reason;
  unsigned place = 0; ///< index into Graph::places; 0: not known
  bool gone = false;  ///< was proved away
};

/// A virtual function in a vtable whose calls are all known: live when the
/// vtable is and something live calls through one of the keys. Or the vtable's type.
struct Slot {
  unsigned function;
  std::vector<unsigned> keys; ///< of Graph::keys; none: nothing calls it
};

/// A call through a vtable: of every slot that has the key.
struct VirtualCall {
  unsigned key;
  unsigned place;
  bool gone = false;
};

struct Node {
  enum Kind : std::uint8_t { Function, Variable, Alias, Section, Module };
  Kind kind = Variable;
  bool isDefinition = true;
  bool isInline = false; ///< of a header: part of no module
  std::string name;   ///< mangled symbol, "file.o:(.section)" or "module x"
  std::string module; ///< libos folder, library or user's object
  std::string object; ///< the member of a library; empty: the module is one
  unsigned place = 0; ///< where a function is defined
  std::vector<std::string> symbols; ///< what a section defines
  std::vector<Edge> edges;
  std::vector<Slot> slots;
  std::vector<VirtualCall> calls;
};

inline constexpr unsigned kNodeKinds = Node::Module + 1;

llvm::StringRef describe(Node::Kind kind);

struct Graph {
  std::vector<Node> nodes;
  std::vector<Edge> roots;
  /// "file:line:column"; for inlined code ", inlined at " and the next.
  std::vector<std::string> places = {""};
  /// What a virtual call goes through: the type's mangled name and the offset
  /// in its vtable, or "*" for any ("4Base+16").
  std::vector<std::string> keys;

  const Node &operator[](unsigned id) const { return nodes[id]; }
};

/// Whether a place is in the toolchain's own sources.
bool isLibraryPlace(llvm::StringRef place);
/// The user's line in "c++/v1/a.h:1:2, inlined at main.cpp:3:4", or nothing.
llvm::StringRef usersLine(llvm::StringRef place);

/// The node that defines each symbol.
llvm::StringMap<unsigned> findDefinitions(const Graph &graph);

void printGraph(const Graph &graph, llvm::raw_ostream &os);

} // namespace ampoule::linker
