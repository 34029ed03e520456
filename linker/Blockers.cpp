// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A blocker is a set of references that the user can avoid:
//
//   facilities   from the user's code to iostream, printf, … (kFacilities), and
//                their constructors
//   constructors a constructor of the user's that runs before main
//   tables       functions in a variable of the user's
//   calls        from the user's code to one function of a library
//
// Each is left out once, and the graph marked without it.
#include "linker/Blockers.h"
#include "linker/Names.h"

#include "llvm/ADT/BitVector.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/STLExtras.h"
#include <deque>

using namespace llvm;

namespace ampoule::linker {
namespace {

/// Dominators of the live nodes, by Cooper, Harvey and Kennedy ("A Simple, Fast
/// Dominance Algorithm", 2001). Of a vtable's slot only the vtable counts, not
/// the calls through it.
class Dominators {
public:
  Dominators(const Explanation &explanation, const LiveSet &live)
      : graph(explanation.graph), live(live) {
    order();
    for (bool changed = true; changed;) {
      changed = false;
      for (unsigned i = 1; i != reversePostorder.size(); ++i) {
        unsigned best = 0; // none yet; a position plus one
        for (unsigned before : predecessors[i])
          if (idom[before] != kNone)
            best = best ? intersect(best - 1, before) + 1 : before + 1;
        if (best && idom[i] != best - 1) {
          idom[i] = best - 1;
          changed = true;
        }
      }
    }
    bytes.resize(reversePostorder.size());
    for (std::size_t at = reversePostorder.size(); at-- > 1;) {
      bytes[at] += explanation.sizes[reversePostorder[at]];
      bytes[idom[at]] += bytes[at];
    }
  }

  /// Positions: 0 is the root of all, a dominator comes before what it holds.
  std::vector<unsigned> reversePostorder; ///< nodes; of [0] without meaning
  std::vector<unsigned> idom;             ///< by position
  std::vector<std::uint64_t> bytes;       ///< held, its own included

private:
  static constexpr unsigned kNone = ~0u;

  unsigned intersect(unsigned a, unsigned b) const {
    while (a != b)
      if (a > b)
        a = idom[a];
      else
        b = idom[b];
    return a;
  }

  std::vector<unsigned> successors(unsigned node) const {
    std::vector<unsigned> result;
    auto add = [&](unsigned to) {
      if (live.isLive(to))
        result.push_back(to);
    };
    if (node == LiveSet::kRoot) {
      for (const Edge &root : graph.roots)
        if (!root.gone)
          add(root.to);
      return result;
    }
    for (const Edge &edge : graph[node].edges)
      if (!edge.gone)
        add(edge.to);
    for (const Slot &slot : graph[node].slots)
      add(slot.function);
    return result;
  }

  void order() {
    struct Frame {
      unsigned node;
      std::vector<unsigned> rest;
    };
    std::vector<unsigned> postorder;
    std::vector<bool> visited(graph.nodes.size());
    std::vector<Frame> stack{{LiveSet::kRoot, successors(LiveSet::kRoot)}};
    while (!stack.empty()) {
      if (stack.back().rest.empty()) {
        postorder.push_back(stack.back().node);
        stack.pop_back();
        continue;
      }
      unsigned next = stack.back().rest.back();
      stack.back().rest.pop_back();
      if (visited[next])
        continue;
      visited[next] = true;
      stack.push_back({next, successors(next)});
    }
    reversePostorder.assign(postorder.rbegin(), postorder.rend());
    DenseMap<unsigned, unsigned> position;
    for (auto [at, node] : enumerate(reversePostorder))
      position[node] = at;
    predecessors.resize(reversePostorder.size());
    idom.assign(reversePostorder.size(), kNone);
    idom[0] = 0;
    for (auto [at, node] : enumerate(reversePostorder))
      for (unsigned to : successors(node))
        predecessors[position[to]].push_back(at);
  }

  const Graph &graph;
  const LiveSet &live;
  std::vector<std::vector<unsigned>> predecessors;
};

/// Which part of the libraries, by the demangled names that belong to it, and
/// what to use instead.
struct Facility {
  StringLiteral title;
  StringLiteral globs; ///< separated by '|'
  StringLiteral hint;
};

constexpr Facility kFacilities[] = {
    {"iostream",
     "std::__1::basic_[io]*stream<*|std::__1::basic_streambuf<*|"
     "std::__1::basic_ios<*|std::__1::ios_base*|std::__1::cout|"
     "std::__1::cerr|std::__1::clog|std::__1::cin|std::__1::w[co]*|"
     "std::__1::basic_*buf<*|std::__1::operator<<*|std::__1::DoIOSInit*|"
     "std::__1::operator>>*",
     "write with std::puts, std::printf or std::format; streams bring locales"},
    {"locale", "std::__1::locale*|std::__1::use_facet*|std::__1::has_facet*",
     "std::to_chars, std::from_chars and std::format without 'L' need none"},
    {"exceptions",
     "__cxa_throw|__cxa_rethrow|__cxa_begin_catch|__cxa_end_catch|"
     "__cxa_allocate_exception|__cxa_free_exception|__gxx_personality_v0|"
     "_Unwind_*|__clang_call_terminate",
     "-fno-exceptions, if nothing in the program needs to catch"},
    {"dynamic_cast", "__dynamic_cast",
     "ask the object by a virtual function; -fno-rtti finds every use"},
    {"demangler", "__cxa_demangle", "print typeid(x).name() as it is"},
    {"printf", "printf_core|vfprintf|printf|fprintf|snprintf|vsnprintf",
     "std::puts for text, std::to_chars for numbers"},
    {"scanf", "vfscanf|scanf|sscanf|vsscanf|fscanf", "std::from_chars"},
    {"decimal floating-point input", "__floatscan|strtod|strtof|strtold",
     "std::from_chars for integers, or binary floating point"},
    {"std::format",
     "std::__1::__format*|std::__1::vformat*|std::__1::formatter<*|"
     "std::__1::basic_format_*|std::__1::__vformat*|std::__1::__formatter*",
     "std::to_chars"},
    {"std::regex", "std::__1::basic_regex<*|std::__1::__regex*",
     "parse by hand; regular expressions bring locales"},
    {"std::filesystem", "std::__1::__fs::filesystem::*",
     "open and read need no paths as objects"},
    {"heap",
     "malloc|free|calloc|realloc|aligned_alloc|operator new*|operator delete*",
     "objects of static or automatic storage; std::array"},
};

class Finder {
public:
  Finder(const Report &report, const LiveSet &live, std::uint64_t least)
      : report(report), explanation(report.explanation),
        graph(explanation.graph), live(live), least(least) {
    for (unsigned id = 0; id != graph.nodes.size(); ++id)
      users.push_back(isUsers(graph[id]));
  }

  std::vector<Blocker> find() {
    addFacilities();
    addConstructors();
    addTables();
    addCalls();
    llvm::stable_sort(found, [](const Blocker &a, const Blocker &b) {
      return a.bytes > b.bytes;
    });
    return std::move(found);
  }

private:
  using Cut = function_ref<bool(unsigned from, unsigned to)>;

  bool isUsers(const Node &node) const {
    return report.programModules.count(node.module) &&
           !isLibraryPlace(graph.places[node.place]);
  }

  bool add(std::string title, StringRef hint, unsigned node, StringRef start,
           Cut cut) {
    LiveSet left = reach(graph, /*withGone=*/false, cut);
    std::uint64_t bytes = 0;
    unsigned definitions = 0;
    for (unsigned id = 0; id != graph.nodes.size(); ++id)
      if (live.isLive(id) && !left.isLive(id) && explanation.sizes[id]) {
        bytes += explanation.sizes[id];
        ++definitions;
      }
    if (bytes < least || !seen.insert({bytes, definitions}).second)
      return false;
    found.push_back(
        {std::move(title), hint.str(), bytes, definitions, start.str(), node});
    return true;
  }

  void addFacilities() {
    std::vector<std::vector<std::string>> names; // of each node
    for (const Node &node : graph.nodes)
      names.push_back(spellings(node));
    for (const Facility &facility : kFacilities) {
      SmallVector<StringRef> texts;
      facility.globs.split(texts, '|');
      std::deque<NamePattern> globs(texts.begin(), texts.end());
      BitVector cut(graph.nodes.size());
      std::optional<unsigned> shown;
      StringRef start;
      for (unsigned id = 0; id != graph.nodes.size(); ++id) {
        if (!live.isLive(id) || users[id] ||
            none_of(globs, [&](const NamePattern &glob) {
              return glob.matches(names[id]);
            }))
          continue;
        cut.set(id);
        if (!start.empty())
          continue;
        start = usersLineOn(graph, live, id);
        if (!start.empty() || !shown)
          shown = id;
      }
      if (!shown)
        continue;
      // The constructors that come with it.
      for (const Edge &root : graph.roots)
        if (root.reason == Reason::Constructor && !users[root.to] &&
            any_of(graph[root.to].edges,
                   [&](const Edge &edge) { return cut[edge.to]; }))
          cut.set(root.to);
      if (add(facility.title.str(), facility.hint, *shown, start,
              [&](unsigned from, unsigned to) {
                return cut[to] && (from == LiveSet::kRoot || users[from]);
              }))
        covered |= cut;
    }
  }

  void addConstructors() {
    for (const Edge &root : graph.roots)
      if (root.reason == Reason::Constructor && !root.gone && users[root.to])
        add("constructor " + titleOf(graph[root.to]),
            "runs before main whether or not its object is used; constinit "
            "makes it data",
            root.to, usersLineOn(graph, live, root.to),
            [&](unsigned from, unsigned to) {
              return from == LiveSet::kRoot && to == root.to;
            });
  }

  void addTables() {
    for (auto [id, node] : enumerate(graph.nodes)) {
      if (node.kind != Node::Variable || !users[id] || !live.isLive(id) ||
          StringRef(node.name).starts_with("_ZT") ||
          count_if(node.edges, [&](const Edge &edge) {
            return !edge.gone && graph[edge.to].kind == Node::Function;
          }) < 2)
        continue;
      add("functions in " + titleOf(node),
          "an index known only at run time keeps all of them", id,
          usersLineOn(graph, live, id),
          [&, id = id](unsigned from, unsigned to) {
            return from == id && graph[to].kind == Node::Function;
          });
    }
  }

  void addCalls() {
    MapVector<unsigned, unsigned> places; // by function: of the first call
    for (auto [id, node] : enumerate(graph.nodes))
      if (users[id] && live.isLive(id))
        for (const Edge &edge : node.edges)
          if (!edge.gone && !users[edge.to] &&
              graph[edge.to].kind == Node::Function)
            places.insert({edge.to, edge.place});
    // What a function holds alone says which are worth a try.
    Dominators dominators(explanation, live);
    std::vector<std::pair<std::uint64_t, unsigned>> candidates;
    for (std::size_t at = 1; at < dominators.bytes.size(); ++at)
      if (unsigned node = dominators.reversePostorder[at];
          dominators.bytes[at] >= least && places.contains(node) &&
          !covered[node])
        candidates.push_back({dominators.bytes[at], node});
    llvm::sort(candidates, std::greater<>());
    constexpr std::size_t kMost = 40;
    candidates.resize(std::min(candidates.size(), kMost));
    for (auto [bytes, target] : candidates)
      add("calls of " + titleOf(graph[target]), "", target,
          usersLine(graph.places[places.lookup(target)]),
          [&, target = target](unsigned from, unsigned to) {
            return to == target && from != LiveSet::kRoot && users[from];
          });
  }

  const Report &report;
  const Explanation &explanation;
  const Graph &graph;
  const LiveSet &live;
  std::uint64_t least;
  std::vector<bool> users;
  BitVector covered{unsigned(graph.nodes.size())}; ///< by a reported facility
  std::vector<Blocker> found;
  /// What two cuts free alike is one blocker: the first has the better name.
  DenseSet<std::pair<std::uint64_t, unsigned>> seen;
};

} // namespace

std::vector<Subtree> findSubtrees(const Explanation &explanation,
                                  const LiveSet &live, std::uint64_t least) {
  Dominators dominators(explanation, live);
  const std::vector<std::uint64_t> &bytes = dominators.bytes;
  std::vector<std::vector<unsigned>> children(bytes.size());
  for (std::size_t at = 1; at < bytes.size(); ++at)
    if (bytes[at] >= least)
      children[dominators.idom[at]].push_back(at);
  for (std::vector<unsigned> &list : children)
    llvm::sort(list, [&](unsigned a, unsigned b) {
      return std::pair(bytes[b], a) < std::pair(bytes[a], b);
    });
  std::vector<Subtree> result;
  auto visit = [&](auto &self, unsigned at, unsigned depth) -> void {
    bool isChain = at == 0 || (children[at].size() == 1 &&
                               bytes[children[at][0]] * 10 >= bytes[at] * 9);
    if (!isChain)
      result.push_back({dominators.reversePostorder[at], depth, bytes[at]});
    for (unsigned child : children[at])
      self(self, child, depth + !isChain);
  };
  visit(visit, 0, 0);
  return result;
}

void writeBlocker(const Blocker &blocker, json::OStream &json) {
  json.attribute("title", blocker.title);
  json.attribute("hint", blocker.hint);
  json.attribute("bytes", blocker.bytes);
  json.attribute("definitions", blocker.definitions);
  json.attribute("start", blocker.start);
  json.attribute("node", blocker.node);
}

std::vector<Blocker> findBlockers(const Report &report, const LiveSet &live,
                                  std::uint64_t least) {
  return Finder(report, live, least).find();
}

} // namespace ampoule::linker
