// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Rows of numbers stand on a line each; what they are is in
// docs/report-format.md.
#include "linker/Explanation.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

using namespace llvm;

namespace ampoule::linker {

StringRef describe(Fate::Kind kind) {
  switch (kind) {
  case Fate::Kept:
    return "kept";
  case Fate::Unreachable:
    return "unreachable";
  case Fate::Removed:
    return "removed";
  case Fate::Inlined:
    return "inlined";
  case Fate::Folded:
    return "folded";
  case Fate::Discarded:
    return "discarded";
  }
  llvm_unreachable("unknown fate");
}

namespace {

template <typename... Numbers>
void writeRow(json::OStream &json, Numbers... numbers) {
  json.rawValue([&](raw_ostream &os) {
    ListSeparator separator(",");
    os << '[';
    ((os << separator << std::uint64_t(numbers)), ...);
    os << ']';
  });
}

void writeNode(const Node &node, const Fate &fate, std::uint64_t size,
               std::uint64_t before, json::OStream &json) {
  json.attribute("name", node.name);
  json.attribute("kind", describe(node.kind));
  json.attribute("module", node.module);
  if (!node.object.empty())
    json.attribute("object", node.object);
  if (!node.isDefinition)
    return json.attribute("fate", "declaration");
  json.attribute("fate", describe(fate.kind));
  if (!fate.by.empty())
    json.attribute("by", fate.by);
  auto writeNames = [&](StringRef key, ArrayRef<std::string> names) {
    if (!names.empty())
      json.attributeArray(key, [&] {
        for (const std::string &name : names)
          json.value(name);
      });
  };
  writeNames("into", fate.into);
  if (size != 0)
    json.attribute("size", size);
  if (before != 0)
    json.attribute("before", before);
  if (node.place)
    json.attribute("place", node.place);
  writeNames("symbols", node.symbols);
}

/// Reads the rows that writeRow wrote; a number that is out of its range makes
/// the reader fail.
class Rows {
public:
  Rows(const json::Object &object, StringRef key)
      : rows(object.getArray(key)), failed(!rows) {}

  template <typename Read> void each(std::size_t width, Read read) {
    if (failed)
      return;
    for (const json::Value &row : *rows) {
      const json::Array *numbers = row.getAsArray();
      if (!numbers || numbers->size() < width) {
        failed = true;
        return;
      }
      current = numbers;
      read();
      if (failed)
        return;
    }
  }
  unsigned at(std::size_t column, std::size_t limit) {
    std::optional<std::uint64_t> number = (*current)[column].getAsUINT64();
    if (!number || *number >= limit) {
      failed = true;
      return 0;
    }
    return *number;
  }
  std::size_t width() const { return current->size(); }
  bool hasFailed() const { return failed; }

private:
  const json::Array *rows;
  const json::Array *current = nullptr;
  bool failed;
};

bool readStrings(const json::Object &object, StringRef key,
                 std::vector<std::string> &strings) {
  const json::Array *array = object.getArray(key);
  if (!array)
    return false;
  for (const json::Value &value : *array) {
    std::optional<StringRef> text = value.getAsString();
    if (!text)
      return false;
    strings.push_back(text->str());
  }
  return true;
}

bool readNode(const json::Object &object, Explanation &explanation) {
  std::optional<StringRef> name = object.getString("name");
  std::optional<StringRef> kind = object.getString("kind");
  std::optional<StringRef> module = object.getString("module");
  std::optional<StringRef> ending = object.getString("fate");
  if (!name || !kind || !module || !ending)
    return false;
  unsigned number = 0;
  while (number != kNodeKinds &&
         describe(static_cast<Node::Kind>(number)) != *kind)
    ++number;
  if (number == kNodeKinds)
    return false;
  Node &node = explanation.graph.nodes.emplace_back();
  Fate &fate = explanation.fates.emplace_back();
  node.name = name->str();
  node.module = module->str();
  node.object = object.getString("object").value_or("").str();
  node.kind = static_cast<Node::Kind>(number);
  node.isDefinition = *ending != "declaration";
  for (unsigned i = 0; i != kFates; ++i)
    if (*ending == describe(static_cast<Fate::Kind>(i)))
      fate.kind = static_cast<Fate::Kind>(i);
  fate.by = object.getString("by").value_or("").str();
  readStrings(object, "into", fate.into);
  readStrings(object, "symbols", node.symbols);
  explanation.sizes.push_back(object.getInteger("size").value_or(0));
  explanation.before.push_back(object.getInteger("before").value_or(0));
  std::int64_t place = object.getInteger("place").value_or(0);
  if (place < 0 || std::size_t(place) >= explanation.graph.places.size())
    return false;
  node.place = place;
  return true;
}

} // namespace

void write(const Explanation &explanation, json::OStream &json) {
  const Graph &graph = explanation.graph;
  auto writeStrings = [&](StringRef key, ArrayRef<std::string> strings) {
    json.attributeArray(key, [&] {
      for (const std::string &text : strings)
        json.value(text);
    });
  };
  json.attributeArray("reasons", [&] {
    for (unsigned i = 0; i != kReasons; ++i)
      json.value(describe(static_cast<Reason>(i)));
  });
  writeStrings("places", graph.places);
  writeStrings("keys", graph.keys);
  json.attributeArray("nodes", [&] {
    for (auto [node, fate, size, before] :
         zip(graph.nodes, explanation.fates, explanation.sizes,
             explanation.before))
      json.object([&] { writeNode(node, fate, size, before, json); });
  });
  json.attributeArray("roots", [&] {
    for (const Edge &root : graph.roots)
      writeRow(json, root.to, unsigned(root.reason), root.place, root.gone);
  });
  json.attributeArray("edges", [&] {
    for (auto [from, node] : enumerate(graph.nodes))
      for (const Edge &edge : node.edges)
        writeRow(json, from, edge.to, unsigned(edge.reason), edge.place,
                 edge.gone);
  });
  json.attributeArray("virtualCalls", [&] {
    for (auto [from, node] : enumerate(graph.nodes))
      for (const VirtualCall &call : node.calls)
        writeRow(json, from, call.key, call.place, call.gone);
  });
  json.attributeArray("slots", [&] {
    for (auto [from, node] : enumerate(graph.nodes))
      for (const Slot &slot : node.slots)
        json.rawValue([&](raw_ostream &os) {
          os << '[' << from << ',' << slot.function;
          for (unsigned key : slot.keys)
            os << ',' << key;
          os << ']';
        });
  });
}

Expected<Explanation> readExplanation(const json::Object &object) {
  Explanation explanation;
  Graph &graph = explanation.graph;
  graph.places.clear();
  const json::Array *nodes = object.getArray("nodes");
  bool valid = nodes && readStrings(object, "places", graph.places) &&
               readStrings(object, "keys", graph.keys) && !graph.places.empty();
  if (valid)
    for (const json::Value &node : *nodes)
      valid = valid && node.getAsObject() &&
              readNode(*node.getAsObject(), explanation);
  Rows roots(object, "roots"), edges(object, "edges"),
      calls(object, "virtualCalls"), slots(object, "slots");
  std::size_t count = graph.nodes.size(), places = graph.places.size();
  if (valid) {
    roots.each(4, [&] {
      graph.roots.push_back({roots.at(0, count),
                             static_cast<Reason>(roots.at(1, kReasons)),
                             roots.at(2, places), roots.at(3, 2) != 0});
    });
    edges.each(5, [&] {
      unsigned from = edges.at(0, count);
      graph.nodes[from].edges.push_back(
          {edges.at(1, count), static_cast<Reason>(edges.at(2, kReasons)),
           edges.at(3, places), edges.at(4, 2) != 0});
    });
    calls.each(4, [&] {
      unsigned from = calls.at(0, count);
      graph.nodes[from].calls.push_back({calls.at(1, graph.keys.size()),
                                         calls.at(2, places),
                                         calls.at(3, 2) != 0});
    });
    slots.each(2, [&] {
      unsigned from = slots.at(0, count);
      Slot slot{slots.at(1, count), {}};
      for (std::size_t i = 2; i < slots.width(); ++i)
        slot.keys.push_back(slots.at(i, graph.keys.size()));
      graph.nodes[from].slots.push_back(std::move(slot));
    });
  }
  if (!valid || roots.hasFailed() || edges.hasFailed() || calls.hasFailed() ||
      slots.hasFailed())
    return createStringError("its graph is not valid");
  return explanation;
}

} // namespace ampoule::linker
