// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "linker/Seal.h"
#include "linker/Diag.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Demangle/Demangle.h"

using namespace llvm;

namespace ampoule::linker {
namespace {

constexpr unsigned kMostRounds = 32;
/// libos/xen/hypercall.S: those that are meant. To move them would move what is
/// called from everywhere, and change as many addresses.
constexpr StringLiteral kHypercallSites[] = {"ampoule_hypercall",
                                             "ampoule_hypercall_pv"};

/// The symbol that begins at the address or last before it.
std::string symbolAt(const image::Linked &linked, std::uint64_t address) {
  const std::pair<const std::string, std::uint64_t> *best = nullptr;
  for (const auto &symbol : linked.symbols)
    if (symbol.second <= address && !symbol.first.empty() &&
        (!best || symbol.second > best->second))
      best = &symbol;
  return best ? best->first : "";
}

} // namespace

bool SealedLayout::improve(ArrayRef<image::Violation> violations,
                           const image::Linked &linked) {
  bool isChanged = false, movesData = false;
  for (const ReportedInstruction &found :
       reportInstructions(violations, linked)) {
    const std::string &symbol = found.symbol;
    std::vector<MovedFunction> &moved = places.moved;
    auto it = find_if(moved, [&](const MovedFunction &function) {
      return function.symbol == symbol;
    });
    if (it == moved.end()) {
      moved.push_back({symbol, 1});
    } else {
      // Moving it did not help: it may have the address of a datum.
      ++it->distance;
      movesData = true;
    }
    isChanged = true;
  }
  places.dataPadding += movesData;
  return isChanged && ++rounds <= kMostRounds;
}

std::vector<ReportedInstruction>
reportInstructions(ArrayRef<image::Violation> violations,
                   const image::Linked &linked) {
  std::vector<ReportedInstruction> result;
  for (const image::Violation &violation : violations) {
    if (!isAboutCode(violation))
      continue;
    std::string symbol = symbolAt(linked, violation.address);
    if (!is_contained(kHypercallSites, symbol))
      result.push_back({violation.what, violation.address, std::move(symbol)});
  }
  return result;
}

void checkSeal(ArrayRef<ReportedInstruction> instructions, const Config &config,
               Diag &diag) {
  if (config.requiredSeal != Tier::Static)
    return;
  for (const ReportedInstruction &found : instructions)
    diag.error("the image cannot be sealed: its code has '" + found.name +
               "' at 0x" + utohexstr(found.address, /*LowerCase=*/true) +
               "\n>>> in " + demangle(found.symbol));
}

} // namespace ampoule::linker
