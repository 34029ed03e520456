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

/// Without what libc++ puts into names for its versions, as sources have them:
/// "std::f(int)" of "std::__1::f[abi:ne220100](int)".
std::string withoutVersions(std::string name) {
  constexpr StringLiteral kNamespace = "std::__1::", kTag = "[abi:";
  for (std::size_t at; (at = name.find(kNamespace)) != std::string::npos;)
    name.replace(at, kNamespace.size(), "std::");
  for (std::size_t at; (at = name.find(kTag)) != std::string::npos;) {
    std::size_t end = name.find(']', at);
    if (end == std::string::npos)
      break;
    name.erase(at, end + 1 - at);
  }
  return name;
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
    std::vector<std::string> names = {demangle(symbol)};
    if (std::string name =
            functionName(symbol, &ItaniumPartialDemangler::getFunctionName);
        !name.empty())
      names.push_back(std::move(name));
    for (std::string &name : names) {
      if (std::string plain = withoutVersions(name); plain != name)
        result.push_back(std::move(plain));
      result.push_back(std::move(name));
    }
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
