// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The output:
//
//   a: 20121 bytes, b: 21500 bytes, +1379
//
//      +1200  libc
//       +179  main.o
//
//   new: snprintf [libc, 120 bytes]
//   >>> call from main at main.cpp:5:3
//   gone: old() [main.o, 80 bytes]
#include "tools/Diff.h"
#include "linker/Names.h"
#include "linker/Reach.h"
#include "tools/ReportFile.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"
#include <map>

using namespace llvm;
using namespace ampoule::linker;

namespace ampoule::tools {
namespace {

struct Side {
  ByteTotals bytes;
  Explanation explanation;
  StringMap<unsigned> kept; ///< functions and sections with functions
};

Expected<Side> read(StringRef image) {
  Expected<Report> report = openReport(image);
  if (!report)
    return report.takeError();
  Side side;
  side.bytes = addBytes(*report);
  side.explanation = std::move(report->explanation);
  for (auto [id, node] : enumerate(side.explanation.graph.nodes))
    if (node.isDefinition && side.explanation.fates[id].kind == Fate::Kept &&
        (node.kind == Node::Function || !node.symbols.empty()))
      side.kept[node.name] = id;
  return side;
}

std::string signedBytes(std::int64_t bytes) {
  return (bytes < 0 ? "" : "+") + itostr(bytes);
}

std::int64_t growthOf(const Side &before, const Side &after) {
  return std::int64_t(after.bytes.total) - std::int64_t(before.bytes.total);
}

/// What is kept in `a` and not in `b`, in the order of names.
std::vector<unsigned> onlyIn(const Side &a, const Side &b) {
  std::vector<unsigned> ids;
  for (const auto &entry : a.kept)
    if (!b.kept.contains(entry.getKey()))
      ids.push_back(entry.getValue());
  const Graph &graph = a.explanation.graph;
  llvm::sort(ids, [&](unsigned x, unsigned y) {
    return graph[x].name < graph[y].name;
  });
  return ids;
}

void printItem(StringRef what, const Side &side, unsigned id) {
  const Node &node = side.explanation.graph[id];
  outs() << what << ": " << shownName(node) << " [" << node.module << ", "
         << side.explanation.sizes[id] << " bytes]\n";
}

/// The edge by which a new function came in.
void printCause(const Side &side, const LiveSet &live, unsigned id) {
  if (!live.isLive(id))
    return;
  const Graph &graph = side.explanation.graph;
  const LiveSet::Parent &parent = *live.parents[id];
  outs() << ">>> " << describe(parent.reason);
  if (parent.from != LiveSet::kRoot)
    outs() << " from " << shownName(graph[parent.from]);
  if (parent.place)
    outs() << " at " << graph.places[parent.place];
  outs() << '\n';
}

/// Whether the second image is as it may be; says what is not.
bool check(const DiffRequest &request, const Side &before, const Side &after) {
  bool good = true;
  auto fail = [&](const Twine &message) {
    errs() << "ampoule: error: " << request.after << ": " << message << '\n';
    good = false;
  };
  std::int64_t growth = growthOf(before, after);
  if (request.failOver && growth > *request.failOver)
    fail("has grown by " + Twine(growth) +
         " bytes, more than --fail-over=" + Twine(*request.failOver));
  if (request.maxSize && std::int64_t(after.bytes.total) > *request.maxSize)
    fail("has " + Twine(after.bytes.total) +
         " bytes, more than --max-size=" + Twine(*request.maxSize));
  for (const std::string &pattern : request.forbidden) {
    NamePattern name(pattern);
    for (auto [id, node] : enumerate(after.explanation.graph.nodes))
      if (node.isDefinition && after.explanation.fates[id].kind == Fate::Kept &&
          name.matches(node))
        fail("contains " + shownName(node) + ", which --forbid=" + pattern +
             " forbids; `ampoule why` tells how it got there");
  }
  return good;
}

} // namespace

std::optional<std::int64_t> parseBytes(StringRef text) {
  std::int64_t unit = 1;
  text.consume_front("+");
  for (auto [suffix, factor] :
       {std::pair("KiB", 1 << 10), std::pair("MiB", 1 << 20),
        std::pair("K", 1 << 10), std::pair("M", 1 << 20)})
    if (text.consume_back(suffix)) {
      unit = factor;
      break;
    }
  std::int64_t number;
  if (text.empty() || text.getAsInteger(10, number) || number < 0)
    return std::nullopt;
  return number * unit;
}

int printDiff(const DiffRequest &request) {
  Expected<Side> before = read(request.before);
  if (!before) {
    printError(before.takeError());
    return 1;
  }
  Expected<Side> after = read(request.after);
  if (!after) {
    printError(after.takeError());
    return 1;
  }
  outs() << request.before << ": " << before->bytes.total << " bytes, "
         << request.after << ": " << after->bytes.total << " bytes, "
         << signedBytes(growthOf(*before, *after)) << '\n';

  std::map<std::string, std::int64_t> changes;
  for (auto &[module, size] : after->bytes.byModule)
    changes[module] += size;
  for (auto &[module, size] : before->bytes.byModule)
    changes[module] -= size;
  std::vector<std::pair<std::int64_t, std::string>> sorted;
  for (auto &[module, change] : changes)
    if (change != 0)
      sorted.push_back({-change, module});
  llvm::sort(sorted);
  if (!sorted.empty())
    outs() << '\n';
  for (auto &[change, module] : sorted)
    outs() << right_justify(signedBytes(-change), 9) << "  " << module << '\n';

  std::vector<unsigned> added = onlyIn(*after, *before);
  std::vector<unsigned> gone = onlyIn(*before, *after);
  if (!added.empty() || !gone.empty())
    outs() << '\n';
  LiveSet live = reach(after->explanation.graph);
  for (unsigned id : added) {
    printItem("new", *after, id);
    printCause(*after, live, id);
  }
  for (unsigned id : gone)
    printItem("gone", *before, id);
  outs().flush();
  return check(request, *before, *after) ? 0 : 1;
}

} // namespace ampoule::tools
