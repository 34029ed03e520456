// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// An argument is traced from the system call up through the functions that pass
// it on, to the place that decides it:
//
//   ioctl(fd, FIONREAD, &n)   in the user's main: a constant, there
//   int ioctl(int fd, int req, ...) { … sys_ioctl(fd, req, arg, …) }   in musl
#include "linker/Supports.h"
#include "linker/Diag.h"
#include "linker/Origins.h"
#include "linker/Records.h"
#include "linker/Undefined.h"

#include "llvm/Analysis/PostDominators.h"
#include "llvm/Demangle/Demangle.h"
#include "llvm/IR/Instructions.h"

using namespace llvm;

namespace ampoule::linker {
namespace {

constexpr StringLiteral kRecordPrefix = "__ampoule_supports_";

/// Reads struct Supports (libos/abi/supports.h): two ints, two pointers, int,
/// longs.
bool readRecord(const RecordReader &reader, Supports &supports) {
  constexpr unsigned kSelector = 4, kWhat = 8, kSelects = 16, kCount = 24,
                     kValues = 32, kMaxValues = 64;
  std::optional<std::uint64_t> argument = reader.number(0, 32),
                               selector = reader.number(kSelector, 32),
                               count = reader.number(kCount, 32);
  std::optional<std::string> what = reader.text(kWhat),
                             selects = reader.text(kSelects);
  if (!argument || !selector || !count || *count > kMaxValues || !what ||
      !selects)
    return false;
  supports.arguments = {unsigned(*argument)};
  if (!selects->empty())
    supports.arguments.push_back(*selector);
  supports.what = std::move(*what);
  supports.selects = std::move(*selects);
  for (unsigned i = 0; i != *count; ++i) {
    std::optional<std::uint64_t> value = reader.number(kValues + 8 * i, 64);
    if (!value)
      return false;
    supports.values.push_back(*value);
  }
  return true;
}

/// What a call passes: a number, an argument of the function that it is in, or
/// neither.
struct Passed {
  std::optional<std::int64_t> number;
  const Argument *argument = nullptr;
  bool operator<(const Passed &other) const {
    return std::tie(number, argument) < std::tie(other.number, other.argument);
  }
};
using AllPassed = std::vector<Passed>; ///< in the order of Supports::arguments

class Tracer {
public:
  Tracer(const ProgramGraph &graph, const LiveSet &live,
         const Supports &supports, std::vector<ArgumentUse> &uses)
      : graph(graph), live(live), supports(supports), uses(uses) {}

  void trace(const Function &systemCall) {
    AllPassed passed;
    for (unsigned argument : supports.arguments) {
      if (argument >= systemCall.arg_size())
        return;
      passed.push_back({std::nullopt, systemCall.getArg(argument)});
    }
    traceCallers(systemCall, passed);
  }

private:
  /// `below` passed arguments on: the user's call stands for what the library
  /// that calls the user decides (main's arguments).
  void traceCallers(const Function &function, const AllPassed &passed,
                    const CallBase *below = nullptr) {
    if (!seen.insert({&function, passed}).second)
      return;
    for (const Use &use : function.uses()) {
      const auto *call = dyn_cast<CallBase>(use.getUser());
      auto isPassed = [&](const Passed &each) {
        return !each.argument || each.argument->getArgNo() < call->arg_size();
      };
      if (!call || !graph.isLive(call->getFunction(), live) ||
          !call->isCallee(&use) || !all_of(passed, isPassed))
        continue;
      traceCall(*call,
                below && isUsers(*below) && !isUsers(*call) ? *below : *call,
                passed, {});
    }
  }

  /// Each way to pass the rest of `passed`, behind what is `chosen`.
  void traceCall(const CallBase &call, const CallBase &decides,
                 const AllPassed &passed, AllPassed chosen) {
    if (chosen.size() != passed.size()) {
      Passed next = passed[chosen.size()];
      std::vector<Passed> all = {next};
      if (next.argument) {
        all.clear();
        for (const Origin &origin :
             originsOf(*call.getArgOperand(next.argument->getArgNo()))) {
          Passed &passed = all.emplace_back();
          passed.argument = origin.argument;
          if (const auto *number =
                  dyn_cast_or_null<ConstantInt>(origin.constant))
            passed.number = number->getSExtValue();
        }
      }
      for (const Passed &each : all) {
        AllPassed more = chosen;
        more.push_back(each);
        traceCall(call, decides, passed, std::move(more));
      }
      return;
    }
    auto isUnknown = [](const Passed &each) {
      return !each.number && !each.argument;
    };
    if (!any_of(chosen, isUnknown) &&
        any_of(chosen, [](const Passed &each) { return each.argument; }))
      traceCallers(*call.getFunction(), chosen, &decides);
    else
      add(chosen, decides);
  }

  /// A library's function may make a call under conditions that do not hold.
  bool isCertain(const CallBase &call) const {
    auto &function = const_cast<Function &>(*call.getFunction());
    return PostDominatorTree(function).dominates(call.getParent(),
                                                 &function.getEntryBlock());
  }

  bool isSupported(const AllPassed &passed) const {
    return any_of(supports.values, [&](std::int64_t value) {
      return std::uint32_t(value) == std::uint32_t(*passed[0].number) &&
             (passed.size() == 1 || std::uint32_t(value >> 32) ==
                                        std::uint32_t(*passed[1].number));
    });
  }

  void add(const AllPassed &passed, const CallBase &call) {
    bool isKnown =
        all_of(passed, [](const Passed &each) { return each.number; });
    if (isKnown && isSupported(passed))
      return;
    if (!isUsers(call) && (!isKnown || !isCertain(call)))
      return;
    unsigned node = graph.ofValue.lookup(call.getFunction());
    ArgumentUse use = {supports.call, supports.what, std::nullopt,
                       isUsers(call) ? placeOf(call)
                                     : usersLineOn(graph, live, node).str(),
                       node};
    if (isKnown) {
      use.value = passed[0].number;
      if (passed.size() > 1)
        use.what = supports.selects + " 0x" +
                   utohexstr(std::uint32_t(*passed[1].number),
                             /*LowerCase=*/true) +
                   ", " + supports.what;
    }
    uses.push_back(std::move(use));
  }

  const ProgramGraph &graph;
  const LiveSet &live;
  const Supports &supports;
  std::vector<ArgumentUse> &uses;
  std::set<std::pair<const Function *, AllPassed>> seen;
};

} // namespace

std::vector<Supports> takeSupports(Program &program, Diag &diag) {
  std::vector<Supports> result;
  std::vector<GlobalVariable *> records;
  for (GlobalVariable &variable : program.module->globals()) {
    StringRef name = variable.getName();
    if (!name.consume_front(kRecordPrefix) || variable.isDeclaration())
      continue;
    records.push_back(&variable);
    Supports &supports = result.emplace_back();
    supports.call = name.str();
    if (!readRecord(RecordReader(variable), supports))
      diag.error(originOf(variable) + ": malformed record '" +
                 variable.getName() + "'; use AMPOULE_SUPPORTS");
  }
  eraseRecords(program, records);
  return result;
}

std::vector<ArgumentUse> findArgumentUses(const Program &program,
                                          const ProgramGraph &graph,
                                          const LiveSet &live,
                                          ArrayRef<Supports> supports) {
  std::vector<ArgumentUse> uses;
  for (const Supports &each : supports)
    // clone has more arguments than a system call.
    for (StringRef prefix : {"sys_", "ampoule_"})
      if (const Function *function =
              program.module->getFunction((prefix + each.call).str()))
        Tracer(graph, live, each, uses).trace(*function);
  return uses;
}

void reportArguments(const Closure &closure, ArrayRef<ArgumentUse> uses,
                     const Config &config, Diag &diag) {
  for (const ArgumentUse &use : uses) {
    if (!use.value)
      continue;
    std::string text = "the library OS does not support '" + use.call +
                       "' with " + use.what + " 0x" +
                       utohexstr(*use.value, /*LowerCase=*/true) +
                       "; it will fail\n";
    if (!use.place.empty())
      text += ">>> at " + use.place + "\n";
    text += ">>> in " + demangle(closure.graph[use.node].name) + "\n";
    tellUnsupported(closure, use.node, std::move(text), config, diag);
  }
}

} // namespace ampoule::linker
