// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/Names.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Demangle/Demangle.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/GlobPattern.h"

using namespace llvm;

namespace ampoule::tools {
namespace {

/// "f" of "f(int)" and of "void f<int>(int)": a name as people write it.
StringRef withoutParameters(StringRef demangled) {
  std::size_t depth = 0;
  for (std::size_t i = 0; i != demangled.size(); ++i) {
    if (demangled[i] == '<')
      ++depth;
    else if (demangled[i] == '>' && depth)
      --depth;
    else if (demangled[i] == '(' && depth == 0 && i != 0 &&
             !demangled.substr(i).starts_with("(anonymous namespace)"))
      return demangled.take_front(i);
  }
  return demangled;
}

} // namespace

std::string shownName(const linker::Node &node) { return demangle(node.name); }

bool matchesName(const linker::Node &node, StringRef pattern) {
  Expected<GlobPattern> glob = GlobPattern::create(pattern);
  if (!glob)
    consumeError(glob.takeError());
  auto matches = [&](StringRef mangled) {
    std::string name = demangle(mangled);
    StringRef plain = withoutParameters(name);
    return mangled == pattern || name == pattern || plain == pattern ||
           (glob && (glob->match(name) || glob->match(plain)));
  };
  return matches(node.name) || any_of(node.symbols, matches);
}

} // namespace ampoule::tools
