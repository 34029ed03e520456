// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The text rendering of a report (docs/report-format.md):
//
//   hello: 108400 bytes, build 55db22ab…
//
//      bytes  module
//      40312  libc++
//      …
//     108400  total
#include "tools/Report.h"
#include "tools/ReportFile.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"
#include <map>

using namespace llvm;

namespace ampoule::tools {
namespace {

using Sizes = std::map<std::string, std::int64_t>;

/// Largest first. `before`, of what the linker counted before pruning, may be
/// empty; it has no headers, padding and tables.
void printTable(StringRef title, const Sizes &sizes, const Sizes &before) {
  std::vector<std::pair<std::int64_t, std::string>> sorted;
  std::int64_t total = 0, totalBefore = 0;
  Sizes all = sizes;
  all.insert(before.begin(), before.end());
  for (auto &[name, bytes] : all) {
    auto it = sizes.find(name);
    sorted.push_back({it == sizes.end() ? 0 : -it->second, name});
  }
  llvm::sort(sorted);
  auto printRow = [&](std::int64_t was, std::int64_t is, StringRef name) {
    if (!before.empty())
      outs() << right_justify(was ? itostr(was) : "", 8);
    outs() << right_justify(itostr(is), 8) << "  " << name << '\n';
  };
  outs() << '\n' << (before.empty() ? "" : "  before") << "   bytes  " << title
         << '\n';
  for (auto &[bytes, name] : sorted) {
    auto it = before.find(name);
    std::int64_t was = it == before.end() ? 0 : it->second;
    printRow(was, -bytes, name);
    total -= bytes;
    totalBefore += was;
  }
  printRow(totalBefore, total, "total");
}

/// How many functions came in, and what became of them.
void printFates(const linker::Explanation &explanation) {
  std::map<std::string, unsigned> counts;
  unsigned total = 0;
  auto count = [&](linker::Fate::Kind kind, StringRef by) {
    std::string name = linker::describe(kind).str();
    if (!by.empty())
      name += ((kind == linker::Fate::Unreachable ? ", found by " : " by ") + by).str();
    ++counts[name];
    ++total;
  };
  for (auto [node, fate] : zip(explanation.graph.nodes, explanation.fates))
    if (node.kind == linker::Node::Function && node.isDefinition)
      count(fate.kind, fate.by);
    else if (node.kind == linker::Node::Section)
      for (std::size_t i = 0; i != node.symbols.size(); ++i)
        count(fate.kind, fate.by);
  outs() << '\n'
         << "   count  functions: kept " << counts["kept"] << " of " << total
         << '\n';
  std::vector<std::pair<unsigned, std::string>> sorted;
  for (auto &[name, number] : counts)
    sorted.push_back({number, name});
  llvm::sort(sorted, std::greater<>());
  for (auto &[number, name] : sorted)
    outs() << right_justify(utostr(number), 8) << "  " << name << '\n';
}

} // namespace

int printReport(StringRef image) {
  Expected<json::Value> value = openReport(image);
  if (!value) {
    printError(value.takeError());
    return 1;
  }
  const json::Object *report = value->getAsObject();
  ByteTotals bytes = addBytes(*value);
  Sizes before;
  outs() << image << ": " << bytes.total << " bytes, build "
         << report->getString("buildId").value_or("?") << '\n';
  if (const json::Object *counted = report->getObject("modules"))
    for (auto &[name, sizes] : *counted)
      if (const json::Object *object = sizes.getAsObject())
        if (std::optional<std::int64_t> bytes = object->getInteger("before"))
          before[name.str()] = *bytes;
  printTable("module", bytes.byModule, before);
  printTable("kind", bytes.byKind, {});
  Expected<linker::Explanation> explanation = openExplanation(image, *value);
  if (!explanation) {
    printError(explanation.takeError());
    return 1;
  }
  printFates(*explanation);
  if (const json::Array *calls = report->getArray("unimplementedSystemCalls");
      calls && !calls->empty()) {
    outs() << "\nsystem calls that return ENOSYS:\n";
    for (const json::Value &call : *calls)
      outs() << "  " << call.getAsString().value_or("") << '\n';
  }
  return 0;
}

} // namespace ampoule::tools
