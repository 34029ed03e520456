// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "linker/Seal.h"
#include "linker/Diag.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Demangle/Demangle.h"
#include "llvm/Support/Endian.h"

using namespace llvm;

namespace ampoule::linker {
namespace {

constexpr unsigned kMostAttempts = 16; ///< for one function
constexpr unsigned kMostVainRounds = 20;
constexpr unsigned kMostPaddings = 10;
/// libos/xen/hypercall.S: those that are meant.
constexpr StringLiteral kHypercallSites[] = {"ampoule_hypercall",
                                             "ampoule_hypercall_pv"};

/// The symbol that begins at the address or last before it.
std::string symbolAt(const image::Linked &linked, std::uint64_t address) {
  const std::pair<const std::string, std::uint64_t> *best = nullptr;
  for (const auto &symbol : linked.symbols)
    if (symbol.second <= address && !symbol.first.empty() &&
        !StringRef(symbol.first).starts_with("__ampoule_") &&
        (!best || symbol.second > best->second))
      best = &symbol;
  return best ? best->first : "";
}

bool liesBetween(const image::Linked &linked, std::uint64_t address,
                 StringRef first, StringRef last) {
  return address >= linked.symbol(first) && address < linked.symbol(last);
}

/// What is executed behind the door lies there, whatever the order.
bool isFirst(const image::Linked &linked, StringRef function) {
  return linked.symbol(function) == linked.symbol("__ampoule_text_start");
}

/// The functions that stay, by address; each may have several names.
class Order {
public:
  explicit Order(const image::Linked &linked) {
    std::map<std::uint64_t, std::vector<std::string>> functions;
    for (const auto &[name, address] : linked.symbols)
      if (liesBetween(linked, address, "__ampoule_text_start",
                      "__ampoule_text_end"))
        functions[address].push_back(name);
    for (auto &[address, names] : functions)
      order.push_back(std::move(names));
  }

  /// It changes places with its neighbours, further with each attempt, to the one
  /// side and to the other, so as to lie nowhere twice: at first a little, since each
  /// function that it passes may be the next to look like an instruction; but for
  /// the upper bytes of a distance that is not enough. What lies beyond stays.
  void move(StringRef name, unsigned attempt) {
    auto function = find_if(order, [&](const std::vector<std::string> &names) {
      return is_contained(names, name);
    });
    if (function == order.end())
      return;
    constexpr unsigned kSmall = 8;
    std::ptrdiff_t distance = attempt < kSmall
                                  ? 8 * (attempt + 1)
                                  : std::ptrdiff_t(64) << (attempt - kSmall + 1);
    if (attempt % 2 == 0)
      std::rotate(function, function + 1,
                  function + 1 + std::min(distance, order.end() - function - 1));
    else
      std::rotate(function - std::min(distance, function - order.begin()),
                  function, function + 1);
  }

  std::vector<std::string> names() const {
    std::vector<std::string> result;
    for (const std::vector<std::string> &names : order)
      append_range(result, names);
    return result;
  }

private:
  std::vector<std::vector<std::string>> order;
};

/// One of the symbols with that address; empty: there is none.
StringRef nameAt(const image::Linked &linked, std::uint64_t address) {
  for (const auto &[name, start] : linked.symbols)
    if (start == address)
      return name;
  return "";
}

/// What code may refer to by an address or a distance of which a byte is the one at
/// `at` or next to it.
struct Referent {
  /// By its address, which does not depend on where the code lies: the function that
  /// begins there, or a datum that does; or something in data, but distances look like
  /// that, too.
  StringRef function;
  bool isDatum = false, isData = false;
  StringRef callee; ///< by its distance
};

Referent referentAround(const image::Linked &linked, std::uint64_t at) {
  constexpr unsigned kSize = 4; // of an address in an instruction
  Referent result;
  auto isCode = [&](std::uint64_t address) {
    return liesBetween(linked, address, "__ampoule_text_start",
                       "__ampoule_text_end");
  };
  for (const image::Region &region : linked.regions) {
    if (at < region.address || at >= region.address + region.bytes.size())
      continue;
    for (std::uint64_t from = at - (kSize - 1); from <= at + 1; ++from) {
      if (from < region.address ||
          from + kSize > region.address + region.bytes.size())
        continue;
      std::uint32_t field =
          support::endian::read32le(&region.bytes[from - region.address]);
      std::uint64_t target = from + kSize + std::int32_t(field);
      if (isCode(target))
        if (StringRef name = nameAt(linked, target); !name.empty())
          result.callee = name;
      if (liesBetween(linked, field, "__ampoule_rodata_start",
                      "__ampoule_data_end")) {
        result.isData = true;
        result.isDatum |= !nameAt(linked, field).empty();
      } else if (isCode(field)) {
        if (StringRef name = nameAt(linked, field); !name.empty())
          result.function = name;
      }
    }
  }
  return result;
}

/// How many distances are others when a function moves: of calls to it, and of those
/// that it has.
class Calls {
public:
  explicit Calls(const image::Linked &linked) {
    constexpr std::uint8_t kCall = 0xe8;
    constexpr unsigned kSize = 5;
    std::uint64_t text = linked.symbol("__ampoule_text_start");
    for (const auto &symbol : linked.symbols)
      counts[symbol.second] = 0;
    for (const image::Region &region : linked.regions) {
      if (text < region.address || text >= region.address + region.bytes.size())
        continue;
      for (std::size_t i = 0; i + kSize <= region.bytes.size(); ++i) {
        if (region.bytes[i] != kCall)
          continue;
        std::uint64_t at = region.address + i;
        auto distance = static_cast<std::int32_t>(
            support::endian::read32le(&region.bytes[i + 1]));
        auto caller = counts.upper_bound(at),
             callee = counts.find(at + kSize + distance);
        if (caller != counts.begin())
          ++(--caller)->second;
        if (callee != counts.end() && callee != caller)
          ++callee->second;
      }
    }
  }

  unsigned of(std::uint64_t function) const {
    auto it = counts.find(function);
    return it == counts.end() ? 0 : it->second;
  }

private:
  std::map<std::uint64_t, unsigned> counts; ///< by where functions begin
};

/// A function of many calls has another distance like that wherever it lies; what it
/// calls is then what moves.
StringRef whatMoves(const image::Linked &linked, const Calls &calls,
                    StringRef function, const Referent &referent) {
  if (!referent.function.empty())
    return referent.function;
  if (!referent.callee.empty() &&
      (isFirst(linked, function) || calls.of(linked.symbol(referent.callee)) <
                                        calls.of(linked.symbol(function))))
    return referent.callee;
  return function;
}

} // namespace

bool SealedLayout::improve(ArrayRef<image::Violation> violations,
                           const image::Linked &linked) {
  std::vector<ReportedInstruction> instructions =
      reportInstructions(violations, linked);
  if (instructions.empty())
    return false;
  vainRounds = instructions.size() < fewest ? 0 : vainRounds + 1;
  fewest = std::min(fewest, instructions.size());
  if (vainRounds > kMostVainRounds)
    return false;
  Order order(linked);
  Calls calls(linked);
  bool isChanged = false, movesData = false;
  for (const ReportedInstruction &found : instructions) {
    Referent referent = referentAround(linked, found.address);
    StringRef moves = whatMoves(linked, calls, found.symbol, referent);
    if (attempts[moves] == kMostAttempts)
      moves = found.symbol;
    unsigned &attempt = attempts[moves];
    if (attempt == kMostAttempts)
      continue;
    bool isData = referent.isDatum ||
                  (referent.isData && attempt >= kMostPaddings / 2);
    if (isData && places.dataPadding == kMostPaddings)
      continue;
    if (isData)
      movesData = true;
    else
      order.move(moves, attempt);
    ++attempt;
    isChanged = true;
  }
  places.dataPadding += movesData;
  places.functions = order.names();
  return isChanged;
}

bool isAboutData(ArrayRef<ReportedInstruction> instructions,
                 const image::Linked &linked) {
  return any_of(instructions, [&](const ReportedInstruction &found) {
    return referentAround(linked, found.address).isData;
  });
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
  bool isAccepted = config.allowUnsealable ||
                    config.requiredSeal == Tier::Hypervisor ||
                    config.optLevel == 0;
  bool isStated = config.requiredSeal == Tier::Static;
  if (isAccepted && !isStated)
    return;
  for (const ReportedInstruction &found : instructions)
    diag.error("the image cannot be sealed: its code has '" + found.name +
               "' at 0x" + utohexstr(found.address, /*LowerCase=*/true) +
               "\n>>> in " + demangle(found.symbol) +
               (isStated ? ""
                         : "\n>>> --ampoule-allow-unsealable accepts that: the "
                           "image links, and its report names it"));
}

} // namespace ampoule::linker
