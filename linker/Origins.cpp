// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "linker/Origins.h"
#include "linker/Graph.h"
#include "linker/Places.h"

#include "llvm/ADT/SmallPtrSet.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/IntrinsicInst.h"

using namespace llvm;

namespace ampoule::linker {
namespace {

class Tracer {
public:
  std::vector<Origin> all;

  void trace(const Value &value) {
    if (const auto *expression = dyn_cast<ConstantExpr>(&value);
        expression && expression->isCast())
      return trace(*expression->getOperand(0));
    if (const auto *constant = dyn_cast<Constant>(&value))
      return all.push_back({constant});
    if (const auto *argument = dyn_cast<Argument>(&value))
      return all.push_back({nullptr, argument});
    if (const auto *cast = dyn_cast<CastInst>(&value))
      return trace(*cast->getOperand(0));
    if (const auto *load = dyn_cast<LoadInst>(&value))
      if (const auto *slot = dyn_cast<AllocaInst>(load->getPointerOperand()))
        return traceSlot(*slot);
    if (const auto *phi = dyn_cast<PHINode>(&value)) {
      if (seenPhis.insert(phi).second)
        for (const Value *incoming : phi->incoming_values())
          trace(*incoming);
      return;
    }
    if (const auto *select = dyn_cast<SelectInst>(&value)) {
      trace(*select->getTrueValue());
      return trace(*select->getFalseValue());
    }
    all.push_back({});
  }

private:
  /// A variable of code that was compiled without optimisation.
  void traceSlot(const AllocaInst &slot) {
    if (!seenSlots.insert(&slot).second)
      return;
    for (const User *user : slot.users())
      if (const auto *store = dyn_cast<StoreInst>(user)) {
        if (store->getPointerOperand() != &slot)
          return all.push_back({});
        trace(*store->getValueOperand());
      } else if (!isa<LoadInst>(user) && !isa<DbgInfoIntrinsic>(user) &&
                 !isa<LifetimeIntrinsic>(user)) {
        return all.push_back({});
      }
  }

  SmallPtrSet<const PHINode *, 8> seenPhis;
  SmallPtrSet<const AllocaInst *, 8> seenSlots;
};

} // namespace

std::vector<Origin> originsOf(const Value &value) {
  Tracer tracer;
  tracer.trace(value);
  return std::move(tracer.all);
}

std::string placeOf(const CallBase &call) {
  Graph places;
  return places.places[Places(places).of(call.getDebugLoc().get())];
}

bool isUsers(const CallBase &call) { return !isLibraryPlace(placeOf(call)); }

} // namespace ampoule::linker
