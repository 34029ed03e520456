// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// An argument is traced from the system call up through the functions that pass
// it on, to the place that decides it:
//
//   ioctl(fd, FIONREAD, &n)   in the user's main: a constant, there
//   int ioctl(int fd, int req, ...) { … sys_ioctl(fd, req, arg, …) }   in musl
#include "linker/Supports.h"
#include "linker/Diag.h"
#include "linker/Places.h"
#include "linker/Records.h"
#include "linker/Undefined.h"

#include "llvm/ADT/SmallPtrSet.h"
#include "llvm/Analysis/PostDominators.h"
#include "llvm/Demangle/Demangle.h"
#include "llvm/IR/Instructions.h"

using namespace llvm;

namespace ampoule::linker {
namespace {

constexpr StringLiteral kRecordPrefix = "__ampoule_supports_";

/// Reads struct Supports (libos/abi/supports.h): int, pointer, int, longs.
bool readRecord(const RecordReader &reader, Supports &supports) {
  constexpr unsigned kWhat = 8, kCount = 16, kValues = 24, kMaxValues = 32;
  std::optional<std::uint64_t> argument = reader.number(0, 32),
                               count = reader.number(kCount, 32);
  std::optional<std::string> what = reader.text(kWhat);
  if (!argument || !count || *count > kMaxValues || !what)
    return false;
  supports.argument = *argument;
  supports.what = std::move(*what);
  for (unsigned i = 0; i != *count; ++i) {
    std::optional<std::uint64_t> value = reader.number(kValues + 8 * i, 64);
    if (!value)
      return false;
    supports.values.push_back(*value);
  }
  return true;
}

class Tracer {
public:
  Tracer(const ProgramGraph &graph, const LiveSet &live,
         const Supports &supports, std::vector<ArgumentUse> &uses)
      : graph(graph), live(live), supports(supports), uses(uses) {}

  /// `below` passed the argument on: the user's call stands for what the
  /// library that calls the user decides (main's arguments).
  void traceCallers(const Function &function, unsigned argument,
                    const CallBase *below = nullptr) {
    if (!seen.insert({&function, argument}).second)
      return;
    for (const Use &use : function.uses()) {
      const auto *call = dyn_cast<CallBase>(use.getUser());
      if (!call || !isLive(*call->getFunction()))
        continue;
      if (call->isCallee(&use) && argument < call->arg_size())
        trace(*call->getArgOperand(argument),
              below && isUsers(*below) && !isUsers(*call) ? *below : *call);
    }
  }

private:
  bool isLive(const Function &function) const {
    auto it = graph.ofValue.find(&function);
    return it != graph.ofValue.end() && live.isLive(it->second);
  }

  void trace(const Value &value, const CallBase &call) {
    if (const auto *number = dyn_cast<ConstantInt>(&value))
      return add(number->getSExtValue(), call);
    if (const auto *argument = dyn_cast<Argument>(&value))
      return traceCallers(*argument->getParent(), argument->getArgNo(), &call);
    if (const auto *cast = dyn_cast<CastInst>(&value))
      return trace(*cast->getOperand(0), call);
    if (const auto *load = dyn_cast<LoadInst>(&value))
      if (const auto *slot = dyn_cast<AllocaInst>(load->getPointerOperand()))
        return traceSlot(*slot, call);
    if (const auto *phi = dyn_cast<PHINode>(&value)) {
      if (seenPhis.insert(phi).second)
        for (const Value *incoming : phi->incoming_values())
          trace(*incoming, call);
      return;
    }
    if (const auto *select = dyn_cast<SelectInst>(&value)) {
      trace(*select->getTrueValue(), call);
      return trace(*select->getFalseValue(), call);
    }
    add(std::nullopt, call);
  }

  /// A variable of code that was compiled without optimisation.
  void traceSlot(const AllocaInst &slot, const CallBase &call) {
    for (const User *user : slot.users())
      if (const auto *store = dyn_cast<StoreInst>(user)) {
        if (store->getPointerOperand() != &slot)
          return add(std::nullopt, call);
        trace(*store->getValueOperand(), call);
      } else if (!isa<LoadInst>(user) && !isa<DbgInfoIntrinsic>(user)) {
        return add(std::nullopt, call);
      }
  }

  std::string placeOf(const CallBase &call) const {
    Graph places;
    return places.places[Places(places).of(call.getDebugLoc().get())];
  }
  bool isUsers(const CallBase &call) const {
    return !isLibraryPlace(placeOf(call));
  }

  /// A library's function may make a call under conditions that do not hold.
  bool isCertain(const CallBase &call) const {
    auto &function = const_cast<Function &>(*call.getFunction());
    return PostDominatorTree(function).dominates(call.getParent(),
                                                 &function.getEntryBlock());
  }

  void add(std::optional<std::int64_t> value, const CallBase &call) {
    if (value && any_of(supports.values, [&](std::int64_t supported) {
          return std::uint32_t(supported) == std::uint32_t(*value);
        }))
      return;
    if (!isUsers(call) && (!value || !isCertain(call)))
      return;
    unsigned node = graph.ofValue.lookup(call.getFunction());
    std::string place =
        isUsers(call) ? placeOf(call) : usersLineOn(graph, live, node).str();
    uses.push_back({&supports, value, std::move(place), node});
  }

  const ProgramGraph &graph;
  const LiveSet &live;
  const Supports &supports;
  std::vector<ArgumentUse> &uses;
  std::set<std::pair<const Function *, unsigned>> seen;
  SmallPtrSet<const PHINode *, 8> seenPhis;
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
    if (const Function *function =
            program.module->getFunction("sys_" + each.call))
      Tracer(graph, live, each, uses).traceCallers(*function, each.argument);
  return uses;
}

void reportArguments(const Closure &closure, ArrayRef<ArgumentUse> uses,
                     const Config &config, Diag &diag) {
  for (const ArgumentUse &use : uses) {
    if (!use.value)
      continue;
    std::string text = "the library OS does not support '" +
                       use.supports->call + "' with " + use.supports->what +
                       " 0x" + utohexstr(*use.value, /*LowerCase=*/true) +
                       "; it will fail\n";
    if (!use.place.empty())
      text += ">>> at " + use.place + "\n";
    text += ">>> in " + demangle(closure.graph[use.node].name) + "\n";
    tellUnsupported(closure, use.node, std::move(text), config, diag);
  }
}

} // namespace ampoule::linker
