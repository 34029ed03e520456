// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "linker/Names.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Demangle/Demangle.h"
#include "llvm/Support/Error.h"

using namespace llvm;

namespace ampoule::linker {
namespace {

using Part = char *(ItaniumPartialDemangler::*)(char *, std::size_t *) const;

/// A part of a C++ function's name; nothing for what is not a C++ function.
std::string functionName(const std::string &mangled, Part part) {
  ItaniumPartialDemangler demangler; // refers to `mangled`
  if (demangler.partialDemangle(mangled.c_str()) || !demangler.isFunction())
    return "";
  std::size_t size = 0;
  char *text = (demangler.*part)(nullptr, &size);
  std::string name = text ? text : "";
  std::free(text);
  return name;
}

/// "a::b" of "a<int>::b<c<d>>".
std::string withoutArguments(StringRef name) {
  std::string result;
  int depth = 0;
  for (char c : name) {
    depth += c == '<';
    if (depth == 0)
      result += c;
    depth -= c == '>';
  }
  return depth == 0 ? result : name.str();
}

} // namespace

std::string shownName(const Node &node) { return demangle(node.name); }

std::string titleOf(const Node &node) {
  const std::string &symbol =
      node.symbols.empty() ? node.name : node.symbols.front();
  std::string base =
      functionName(symbol, &ItaniumPartialDemangler::getFunctionBaseName);
  if (base.empty())
    return demangle(symbol);
  std::string context = withoutArguments(functionName(
      symbol, &ItaniumPartialDemangler::getFunctionDeclContextName));
  return context.empty() ? base : context + "::" + base;
}

std::vector<std::string> spellings(const Node &node) {
  std::vector<std::string> result;
  auto add = [&](const std::string &symbol) {
    result.push_back(symbol);
    if (!StringRef(symbol).starts_with("_Z"))
      return;
    result.push_back(demangle(symbol));
    if (std::string name =
            functionName(symbol, &ItaniumPartialDemangler::getFunctionName);
        !name.empty())
      result.push_back(std::move(name));
  };
  add(node.name);
  llvm::for_each(node.symbols, add);
  return result;
}

NamePattern::NamePattern(StringRef text) : text(text) {
  Expected<GlobPattern> pattern = GlobPattern::create(this->text);
  if (pattern)
    glob = std::move(*pattern);
  else
    consumeError(pattern.takeError());
}

bool NamePattern::matches(ArrayRef<std::string> spellings) const {
  return any_of(spellings, [&](const std::string &name) {
    return name == text || (glob && glob->match(name));
  });
}

} // namespace ampoule::linker
