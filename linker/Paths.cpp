// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "linker/Paths.h"
#include "linker/GraphBuilder.h"
#include "linker/Origins.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Analysis/ValueTracking.h"
#include "llvm/Demangle/Demangle.h"
#include "llvm/IR/Instructions.h"

using namespace llvm;

namespace ampoule::linker {
namespace {

constexpr StringLiteral kNames = "__ampoule_names", kLinks = "__ampoule_links",
                        kMapFile = "__map_file"; // musl, src/time/__map_file.c

/// Without repeated slashes and "."; nothing: ".." may lead anywhere if a part
/// before it is a link.
std::optional<std::string> normal(StringRef path) {
  std::string result;
  for (StringRef part : split(path, '/')) {
    if (part == "..")
      return std::nullopt;
    if (!part.empty() && part != ".")
      result += "/" + part.str();
  }
  return result.empty() ? "/" : result;
}

class Tracer {
public:
  Tracer(const ProgramGraph &graph, const LiveSet &live, NamedPaths &named,
         bool isLink)
      : graph(graph), live(live), named(named), isLink(isLink) {}

  /// All that can be argument `index` of a function.
  void traceCallers(const Function &function, unsigned index) {
    if (!seen.insert({&function, index}).second)
      return;
    if (function.getName() == kMapFile) {
      named.mapsTables = true;
      return;
    }
    for (const Use &use : function.uses()) {
      const auto *instruction = dyn_cast<Instruction>(use.getUser());
      if (instruction && !graph.isLive(instruction->getFunction(), live))
        continue;
      const auto *call = dyn_cast_or_null<CallBase>(instruction);
      if (!call || !call->isCallee(&use) || index >= call->arg_size())
        return giveUp(function, nullptr); // its address is taken
      for (const Origin &origin : originsOf(*call->getArgOperand(index)))
        add(origin, *call);
    }
  }

private:
  void add(const Origin &origin, const CallBase &call) {
    const Function &function = *call.getFunction();
    if (origin.argument) {
      // Code that was not compiled here may call what is not internal.
      if (!function.hasLocalLinkage())
        return giveUp(function, &call);
      return traceCallers(function, origin.argument->getArgNo());
    }
    if (origin.constant && origin.constant->isNullValue())
      return; // EFAULT, or no path, as for futimens()
    StringRef text;
    if (!origin.constant || !getConstantStringInfo(origin.constant, text))
      return giveUp(function, &call);
    // A relative link begins where it lies.
    std::optional<std::string> path = normal(text);
    if (!path || (isLink && !text.starts_with("/")))
      return giveUp(function, &call);
    named.paths.insert(std::move(*path));
  }

  void giveUp(const Function &function, const CallBase *call) {
    if (named.unknownAt)
      return;
    StringRef line = usersLineOn(graph, live, graph.ofValue.lookup(&function));
    named.unknownAt = call && isUsers(*call) ? placeOf(*call)
                      : line.empty() ? demangle(function.getName())
                                     : line.str();
  }

  const ProgramGraph &graph;
  const LiveSet &live;
  NamedPaths &named;
  const bool isLink;
  std::set<std::pair<const Function *, unsigned>> seen;
};

/// Whether `path` is `directory` or below it.
bool isBelow(StringRef path, StringRef directory) {
  return path.consume_front(directory) &&
         (path.empty() || path.starts_with("/") || directory == "/");
}

} // namespace

bool NamedPaths::isTable(StringRef contents) {
  // RFC 9636, 3.1; GNU gettext, "MO files", of either byte order; musl's catopen().
  return any_of(ArrayRef<StringRef>{"TZif", "\xde\x12\x04\x95",
                                    "\x95\x04\x12\xde", "\xff\x88\xff\x89"},
                [&](StringRef magic) { return contents.starts_with(magic); });
}

bool NamedPaths::covers(StringRef path) const {
  return unknownAt || path == "/" ||
         any_of(paths, [&](const std::string &name) {
           return isBelow(name, path) || isBelow(path, name);
         });
}

NamedPaths takeNamedPaths(Program &program, const ProgramGraph &graph,
                          const LiveSet &live) {
  NamedPaths named;
  for (StringRef name : {kNames, kLinks}) {
    Function *marker = program.module->getFunction(name);
    if (!marker)
      continue;
    Tracer(graph, live, named, name == kLinks).traceCallers(*marker, 0);
    for (User *user : make_early_inc_range(marker->users()))
      cast<CallInst>(user)->eraseFromParent();
    marker->eraseFromParent();
  }
  return named;
}

} // namespace ampoule::linker
