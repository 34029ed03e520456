// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The renderings of a report (docs/report-format.md). The text begins with the
// headline (linker/Summary.h); then
//
//   avoidable, estimated:
//      61022  iostream (514 definitions), from main.cpp:20:13
//             write with std::puts, …
//
//      bytes  only because of
//      72011  main
//      61022    std::__1::ios_base::Init::Init()
//
//      bytes  module
//      40312  libc++
//      …
//     108400  total
#include "tools/Report.h"
#include "linker/Names.h"
#include "linker/Summary.h"
#include "tools/Configuration.h"
#include "tools/Html.h"
#include "tools/Pages.h"
#include "tools/ReportFile.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

using namespace llvm;
using namespace ampoule::linker;

namespace ampoule::tools {
namespace {

using Sizes = std::map<std::string, std::uint64_t>;

/// Largest first. `before` may be empty; it has no headers, padding and tables.
void printTable(StringRef title, const Sizes &sizes, const Sizes &before) {
  Sizes all = sizes;
  for (auto &[name, bytes] : before)
    all.try_emplace(name, 0);
  auto printRow = [&](std::uint64_t was, std::uint64_t is, StringRef name) {
    if (!before.empty())
      outs() << right_justify(was ? utostr(was) : "", 8);
    outs() << right_justify(utostr(is), 8) << "  " << name << '\n';
  };
  outs() << '\n'
         << (before.empty() ? "" : "  before") << "   bytes  " << title << '\n';
  std::uint64_t total = 0, totalBefore = 0;
  for (auto &[bytes, name] : largestFirst(all)) {
    auto it = before.find(name);
    std::uint64_t was = it == before.end() ? 0 : it->second;
    printRow(was, bytes, name);
    total += bytes;
    totalBefore += was;
  }
  printRow(totalBefore, total, "total");
}

void printBlockers(ArrayRef<Blocker> blockers) {
  if (blockers.empty())
    return;
  outs() << "\navoidable, estimated:\n";
  for (const Blocker &blocker : blockers) {
    outs() << right_justify(utostr(blocker.bytes), 8) << "  " << blocker.title
           << " (" << blocker.definitions << " definitions)";
    if (!blocker.start.empty())
      outs() << ", from " << blocker.start;
    outs() << '\n';
    if (!blocker.hint.empty())
      outs().indent(10) << blocker.hint << '\n';
  }
}

void printSubtrees(const Report &report, const LiveSet &live,
                   std::uint64_t least) {
  outs() << "\n   bytes  only because of\n";
  for (const Subtree &subtree : findSubtrees(report.explanation, live, least)) {
    outs() << right_justify(utostr(subtree.bytes), 8) << "  ";
    outs().indent(2 * subtree.depth)
        << titleOf(report.explanation.graph[subtree.node]) << '\n';
  }
}

void printFates(const FunctionCounts &functions) {
  std::vector<std::pair<unsigned, std::string>> sorted;
  for (auto &[name, number] : functions.byFate)
    sorted.push_back({number, name});
  llvm::sort(sorted, std::greater<>());
  outs() << "\n   count  functions\n";
  for (auto &[number, name] : sorted)
    outs() << right_justify(utostr(number), 8) << "  " << name << '\n';
}

void printText(const Report &report, StringRef image) {
  LiveSet live = reach(report.explanation.graph);
  ByteTotals totals = addBytes(report);
  std::uint64_t least = leastWorth(totals);
  std::vector<Blocker> blockers = findBlockers(report, live, least);
  printHeadline(report, image, {}, outs());
  printBlockers(blockers);
  printSubtrees(report, live, least);
  printTable("module", totals.byModule, report.before);
  printTable("kind", totals.byKind, {});
  printFates(countFunctions(report.explanation));
  outs() << "\nconfiguration\n";
  printSettings(report, "  ", outs());
  if (!report.parameters.empty()) {
    outs() << "\nparameters\n";
    printParameters(report.parameters, "  ", outs());
  }
}

/// Everything that the text has, beside what the linker wrote.
void printJson(const Report &report) {
  LiveSet live = reach(report.explanation.graph);
  std::uint64_t least = leastWorth(addBytes(report));
  writeJson(report, outs(), [&](json::OStream &json) {
    FunctionCounts functions = countFunctions(report.explanation);
    json.attributeObject("functions", [&] {
      json.attribute("before", functions.total);
      json.attribute("kept", functions.kept);
    });
    json.attributeArray("blockers", [&] {
      for (const Blocker &blocker : findBlockers(report, live, least))
        json.object([&] { writeBlocker(blocker, json); });
    });
    json.attributeArray("subtrees", [&] {
      for (const Subtree &subtree :
           findSubtrees(report.explanation, live, least))
        json.object([&] {
          json.attribute("node", subtree.node);
          json.attribute("depth", subtree.depth);
          json.attribute("bytes", subtree.bytes);
        });
    });
    json.attributeArray("pages", [&] {
      for (const Page &page : mapPages(report))
        json.object([&] { writePage(page, json); });
    });
  });
}

} // namespace

int printReport(StringRef image, ReportForm form, StringRef share) {
  Expected<Report> report = openReport(image);
  if (!report) {
    printError(report.takeError());
    return 1;
  }
  switch (form) {
  case ReportForm::Text:
    printText(*report, image);
    return 0;
  case ReportForm::Json:
    printJson(*report);
    return 0;
  case ReportForm::Html:
    return printHtml(*report, image, share);
  case ReportForm::Pages:
    printPages(mapPages(*report), outs());
    return 0;
  }
  llvm_unreachable("unknown form");
}

} // namespace ampoule::tools
