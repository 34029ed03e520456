// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Writes the report as the object that report.html shows:
//
//   image, buildId, total, measured, headline
//   names      of modules, objects, places and passes, by number
//   reasons, fates, kinds, permissions   by number
//   nodes      rows: name, module, object, kind, fate, pass, into, bytes,
//              before, permission, and of a live node its parent, reason,
//              place, and the second premise of a vtable slot: caller, place,
//              key
//   rest       rows: label, bytes of what belongs to no node
//   blockers, pages
#include "tools/Html.h"
#include "linker/Names.h"
#include "linker/Summary.h"
#include "tools/Pages.h"
#include "tools/ReportFile.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Demangle/Demangle.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

using namespace llvm;
using namespace ampoule::linker;

namespace ampoule::tools {
namespace {

constexpr StringLiteral kMark = "/*REPORT*/";
constexpr StringLiteral kPermissions[] = {"", "r-x", "r--", "rw-", "---"};

/// Texts that stand in many rows.
class Names {
public:
  unsigned operator()(StringRef text) {
    auto [it, isNew] = ids.try_emplace(text, list.size());
    if (isNew)
      list.push_back(text.str());
    return it->second;
  }
  std::vector<std::string> list;

private:
  StringMap<unsigned> ids;
};

/// Of the page that a byte of the file lies in.
StringRef permissionAt(const Report &report, std::uint64_t offset) {
  for (const Segment &segment : report.segments)
    if (offset >= segment.offset &&
        offset - segment.offset < segment.fileSize) {
      std::uint64_t address = segment.address + (offset - segment.offset);
      for (const MappedRange &range : report.memory)
        if (address >= range.address && address - range.address < range.size)
          return range.permission;
    }
  return "";
}

class Writer {
public:
  Writer(const Report &report, json::OStream &json)
      : report(report), explanation(report.explanation),
        graph(explanation.graph), live(reach(graph)), json(json) {}

  void write(StringRef image) {
    std::string headline;
    raw_string_ostream os(headline);
    printHeadline(report, image, {}, os);
    ByteTotals totals = addBytes(report);
    json.object([&] {
      json.attribute("image", image);
      json.attribute("buildId", report.buildId);
      json.attribute("total", totals.total);
      json.attribute("measured", !report.before.empty());
      json.attribute("headline", headline);
      writeList("reasons", kReasons,
                [](unsigned i) { return describe(static_cast<Reason>(i)); });
      writeList("fates", kFates, [](unsigned i) {
        return describe(static_cast<Fate::Kind>(i));
      });
      writeList("kinds", kNodeKinds, [](unsigned i) {
        return describe(static_cast<Node::Kind>(i));
      });
      writeList("permissions", std::size(kPermissions),
                [](unsigned i) { return StringRef(kPermissions[i]); });
      json.attributeArray("nodes", [&] { writeNodes(); });
      json.attributeArray("rest", [&] { writeRest(); });
      writeList("names", names.list.size(),
                [&](unsigned i) { return StringRef(names.list[i]); });
      json.attributeArray("blockers", [&] {
        for (const Blocker &blocker :
             findBlockers(report, live, leastWorth(totals)))
          json.object([&] { writeBlocker(blocker, json); });
      });
      json.attributeArray("pages", [&] {
        for (const Page &page : mapPages(report))
          json.object([&] { writePage(page, json); });
      });
    });
  }

private:
  template <typename Get>
  void writeList(StringRef key, std::size_t count, Get get) {
    json.attributeArray(key, [&] {
      for (std::size_t i = 0; i != count; ++i)
        json.value(get(i));
    });
  }

  /// By node: where most of it lies. All of it, but for unwind tables.
  std::vector<unsigned> permissions() const {
    StringMap<unsigned> ofSymbol;
    for (const ByteMapEntry &entry : report.byteMap)
      if (!entry.symbol.empty() && entry.kind != "unwind")
        ofSymbol[entry.symbol] =
            find(kPermissions, permissionAt(report, entry.offset)) -
            kPermissions;
    std::vector<unsigned> result;
    for (const Node &node : graph.nodes) {
      unsigned permission = ofSymbol.lookup(node.name);
      for (const std::string &symbol : node.symbols)
        permission = std::max(permission, ofSymbol.lookup(symbol));
      result.push_back(permission);
    }
    return result;
  }

  void writeNodes() {
    for (auto [id, permission] : enumerate(permissions())) {
      const Node &node = graph[id];
      const Fate &fate = explanation.fates[id];
      json.array([&, id = id, permission = permission] {
        json.value(shownName(node));
        json.value(names(node.module));
        json.value(names(node.object.empty() ? node.module : node.object));
        json.value(unsigned(node.kind));
        json.value(node.isDefinition ? int(fate.kind) : -1);
        json.value(names(fate.by));
        json.array([&] {
          for (const std::string &name : fate.into)
            json.value(demangle(name));
        });
        json.value(explanation.sizes[id]);
        json.value(explanation.before[id]);
        json.value(permission);
        if (!live.isLive(id))
          return;
        const LiveSet::Parent &parent = *live.parents[id];
        bool isRoot = parent.from == LiveSet::kRoot;
        json.value(isRoot ? -1 : int(parent.from));
        json.value(unsigned(parent.reason));
        json.value(names(
            graph.places[isRoot && !parent.place ? node.place : parent.place]));
        if (parent.caller == LiveSet::kRoot)
          return;
        json.value(parent.caller);
        json.value(names(graph.places[parent.callerPlace]));
        json.value(graph.keys[parent.key]);
      });
    }
  }

  void writeRest() {
    StringMap<unsigned> known = findDefinitions(graph);
    std::map<std::string, std::uint64_t> rest;
    for (const ByteMapEntry &entry : report.byteMap)
      if (!known.contains(entry.symbol))
        rest[entry.module.empty() ? entry.kind : entry.module] += entry.size;
    for (auto &[label, bytes] : rest)
      json.array([&] {
        json.value(label);
        json.value(bytes);
      });
  }

  const Report &report;
  const Explanation &explanation;
  const Graph &graph;
  LiveSet live;
  json::OStream &json;
  Names names;
};

} // namespace

int printHtml(const Report &report, StringRef image, StringRef share) {
  SmallString<128> path(share);
  sys::path::append(path, "report.html");
  ErrorOr<std::unique_ptr<MemoryBuffer>> frame = MemoryBuffer::getFile(path);
  if (std::error_code code = frame.getError()) {
    printError(
        createStringError("cannot open " + path + ": " + code.message()));
    return 1;
  }
  std::string data;
  raw_string_ostream os(data);
  json::OStream json(os);
  Writer(report, json).write(sys::path::filename(image));
  // Inside a script element "</script>" would end it, "<!--" change its rules.
  auto [head, tail] = (*frame)->getBuffer().split(kMark);
  outs() << head;
  for (char c : data)
    if (c == '<')
      outs() << "\\u003c";
    else
      outs() << c;
  outs() << tail;
  return 0;
}

} // namespace ampoule::tools
