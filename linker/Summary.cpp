// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The output:
//
//   hello: 97767 bytes, build 55db22ab…
//   52550 code, 21975 data, 8136 unwind, 4758 table, 1048 padding, 624 header
//   kept 360 of 2528 functions, 82661 of 431022 bytes
//   with boot, console, libc, …; without events, time, …
//   avoidable (estimates):
//      61022  iostream, from main.cpp:20:13
#include "linker/Summary.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Demangle/Demangle.h"

using namespace llvm;

namespace ampoule::linker {

FunctionCounts countFunctions(const Explanation &explanation) {
  FunctionCounts counts;
  auto count = [&](const Fate &fate) {
    std::string name = describe(fate.kind).str();
    if (!fate.by.empty())
      name +=
          (fate.kind == Fate::Unreachable ? ", found by " : " by ") + fate.by;
    ++counts.byFate[name];
    ++counts.total;
    counts.kept += fate.kind == Fate::Kept;
  };
  for (auto [node, fate] : zip(explanation.graph.nodes, explanation.fates))
    if (node.kind == Node::Function && node.isDefinition)
      count(fate);
    else if (node.kind == Node::Section)
      for (std::size_t i = 0; i != node.symbols.size(); ++i)
        count(fate);
  return counts;
}

std::uint64_t leastWorth(const ByteTotals &totals) {
  return std::max<std::uint64_t>(512, totals.content() / 50);
}

void printHeadline(const Report &report, StringRef image,
                   ArrayRef<Blocker> blockers, raw_ostream &os) {
  ByteTotals totals = addBytes(report);
  os << image << ": " << totals.total << " bytes, build " << report.buildId
     << '\n';
  ListSeparator kindSeparator;
  for (auto &[bytes, kind] : largestFirst(totals.byKind))
    os << kindSeparator << bytes << ' ' << kind;

  FunctionCounts functions = countFunctions(report.explanation);
  os << "\nkept " << functions.kept << " of " << functions.total
     << " functions";
  if (!report.before.empty()) {
    std::uint64_t before = 0;
    for (auto &[module, bytes] : report.before)
      before += bytes;
    os << ", " << totals.content() << " of " << before << " bytes";
  }

  std::set<StringRef> kept, all;
  for (auto [node, fate] :
       zip(report.explanation.graph.nodes, report.explanation.fates))
    if (node.isDefinition && !node.module.empty()) {
      all.insert(node.module);
      if (fate.kind == Fate::Kept || fate.kind == Fate::Inlined)
        kept.insert(node.module);
    }
  os << "\nwith " << join(kept, ", ");
  std::vector<StringRef> lost;
  std::set_difference(all.begin(), all.end(), kept.begin(), kept.end(),
                      std::back_inserter(lost));
  if (!lost.empty())
    os << "; without " << join(lost, ", ");
  os << '\n';
  if (!report.unimplemented.empty())
    os << "system calls that return ENOSYS: "
       << join(report.unimplemented, ", ") << '\n';

  for (const ReportedInstruction &found : report.instructions)
    os << "not fit for a seal: " << found.name << " in "
       << demangle(found.symbol) << '\n';

  for (const ReportedArgument &argument : report.arguments) {
    os << argument.call << (argument.value ? ": no " : " depends on its ")
       << argument.what;
    if (argument.value)
      os << " 0x" << utohexstr(*argument.value, /*LowerCase=*/true);
    if (!argument.place.empty())
      os << ", at " << argument.place;
    os << '\n';
  }

  if (blockers.empty())
    return;
  os << "avoidable (estimates):\n";
  constexpr std::size_t kMost = 5;
  for (const Blocker &blocker :
       blockers.take_front(std::min(blockers.size(), kMost))) {
    os << right_justify(utostr(blocker.bytes), 8) << "  " << blocker.title;
    if (!blocker.start.empty())
      os << ", from " << blocker.start;
    os << '\n';
  }
}

} // namespace ampoule::linker
