// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The output for a symbol that is in the image,
//
//   printf [libc, 71 bytes]
//   >>> call from main at main.cpp:4:3
//   >>> entry point
//
// and for one that is not,
//
//   helper() [main.o]: inlined into main by InlinerPass
//   unused() [other.o]: unreachable
//   >>> only referred to by alsoUnused(), which is unreachable
#include "tools/Why.h"
#include "linker/Names.h"
#include "linker/Reach.h"
#include "tools/ReportFile.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Demangle/Demangle.h"

using namespace llvm;
using namespace ampoule::linker;

namespace ampoule::tools {
namespace {

class Explainer {
public:
  Explainer(const Report &report, const WhyRequest &request)
      : erasedUses(report.erasedUses), explanation(report.explanation),
        graph(explanation.graph), request(request), live(reach(graph)) {}

  bool explain(StringRef pattern) {
    std::vector<unsigned> found = match(pattern);
    std::vector<unsigned> wanted;
    copy_if(found, std::back_inserter(wanted),
            [&](unsigned id) { return isKept(id) != request.before; });
    if (found.empty() && printErased(pattern))
      return true;
    if (wanted.empty()) {
      errs() << "ampoule: error: " << request.image << ": "
             << (found.empty()    ? "has no symbol that matches '"
                 : request.before ? "nothing was removed that matches '"
                                  : "does not contain '")
             << pattern << "'";
      if (!found.empty() && !request.before)
        errs() << "; --before tells what became of it";
      errs() << '\n';
      return false;
    }
    for (unsigned id : wanted) {
      printHead(id);
      if (isKept(id))
        printKept(id);
      else
        printLost(id);
      outs() << '\n';
    }
    return true;
  }

private:
  bool isKept(unsigned id) const {
    return explanation.fates[id].kind == Fate::Kept;
  }

  std::vector<unsigned> match(StringRef pattern) const {
    std::vector<unsigned> found;
    NamePattern name(pattern);
    for (auto [id, node] : enumerate(graph.nodes))
      if (node.isDefinition && name.matches(node))
        found.push_back(id);
    return found;
  }

  void printHead(unsigned id) const {
    const Node &node = graph[id];
    outs() << shownName(node);
    if (node.kind == Node::Section && !node.symbols.empty())
      outs() << ", which defines "
             << join(map_range(node.symbols,
                               [](const std::string &symbol) {
                                 return demangle(symbol);
                               }),
                     ", ");
    outs() << " [" << node.module;
    if (explanation.sizes[id])
      outs() << ", " << explanation.sizes[id] << " bytes";
    outs() << ']';
    if (node.place)
      outs() << " at " << graph.places[node.place];
  }

  void printKept(unsigned id) const {
    outs() << '\n';
    if (!live.isLive(id)) {
      outs() << ">>> kept by the final link\n";
      return;
    }
    if (!request.allRoots) {
      printChain(graph, live, id, shownName, outs());
      return;
    }
    bool first = true;
    for (const Edge &root : graph.roots) {
      if (root.gone)
        continue;
      LiveSet alone = reach(graph, false, [&](unsigned from, unsigned to) {
        return from == LiveSet::kRoot && to != root.to;
      });
      if (!alone.isLive(id))
        continue;
      outs() << (first ? "" : "or\n");
      first = false;
      printChain(graph, alone, id, shownName, outs());
    }
    // Several roots together: one holds the vtable, another the call.
    if (first)
      printChain(graph, live, id, shownName, outs());
  }

  void printLost(unsigned id) const {
    const Fate &fate = explanation.fates[id];
    outs() << ": " << describe(fate.kind);
    if (!fate.into.empty())
      outs() << (fate.kind == Fate::Folded ? " with " : " into ")
             << join(map_range(fate.into,
                               [](const std::string &name) {
                                 return demangle(name);
                               }),
                     ", ");
    if (!fate.by.empty())
      outs() << (fate.kind == Fate::Unreachable ? ", found by " : " by ")
             << fate.by;
    outs() << '\n';
    if (fate.kind == Fate::Unreachable)
      printMissing(id);
  }

  /// Which edge is missing.
  void printMissing(unsigned id) const {
    LiveSet was = reach(graph, /*withGone=*/true);
    bool some = false;
    auto describePlace = [&](unsigned place) {
      return place ? " at " + graph.places[place] : std::string();
    };
    for (auto [from, node] : enumerate(graph.nodes)) {
      for (const Edge &edge : node.edges)
        if (edge.to == id && edge.reason != Reason::Module) {
          some = true;
          outs() << ">>> " << describe(edge.reason)
                 << (edge.reason == Reason::Address ? " in " : " from ")
                 << shownName(node) << describePlace(edge.place)
                 << (live.isLive(from) ? ", which was proved away"
                                       : ", which is unreachable")
                 << '\n';
        }
      for (const Slot &slot : node.slots)
        if (slot.function == id) {
          some = true;
          outs() << ">>> vtable slot of " << shownName(node);
          if (!live.isLive(from))
            outs() << ", which is unreachable\n";
          else
            outs() << ", through which nothing live calls\n";
        }
    }
    if (!some)
      outs() << ">>> nothing refers to it\n";
    else if (was.isLive(id)) {
      outs() << ">>> before anything was proved away:\n";
      printChain(graph, was, id, shownName, outs());
    }
  }

  /// Sources use it, but no object.
  bool printErased(StringRef pattern) const {
    NamePattern wanted(pattern);
    std::map<std::string, std::vector<std::string>> places;
    for (const ErasedUse &use : erasedUses) {
      Node node;
      node.name = use.name;
      if (wanted.matches(node))
        places[use.name].push_back(use.place);
    }
    for (const auto &[name, all] : places)
      outs() << demangle(name)
             << ": used by the source, but the compiler left no reference to it\n"
             << ">>> dead code, or done by other means, at "
             << join(all, "\n>>> and at ") << "\n\n";
    return !places.empty();
  }

  const std::vector<ErasedUse> &erasedUses;
  const Explanation &explanation;
  const Graph &graph;
  const WhyRequest &request;
  LiveSet live;
};

} // namespace

int printWhy(const WhyRequest &request) {
  Expected<Report> report = openReport(request.image);
  if (!report) {
    printError(report.takeError());
    return 1;
  }
  Explainer explainer(*report, request);
  bool found = true;
  for (StringRef pattern : request.patterns)
    found &= explainer.explain(pattern);
  return found ? 0 : 1;
}

} // namespace ampoule::tools
