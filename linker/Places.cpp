// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "linker/Places.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Path.h"

using namespace llvm;

namespace ampoule::linker {
namespace {

/// What follows the toolchain's include directory, or nothing.
std::string afterSysroot(StringRef path) {
  for (StringRef folder : {"/sysroot/usr/include/", "/lib/clang/"})
    if (std::size_t at = path.find(folder); at != StringRef::npos)
      return path.substr(at + folder.size()).str();
  return "";
}

std::string relativeTo(StringRef folder, StringRef path) {
  SmallVector<StringRef, 16> from, to;
  auto split = [](StringRef text, SmallVectorImpl<StringRef> &parts) {
    parts.assign(sys::path::begin(text), sys::path::end(text));
  };
  split(folder, from);
  split(path, to);
  std::size_t common = 0;
  while (common < from.size() && common + 1 < to.size() &&
         from[common] == to[common])
    ++common;
  // Only the root in common: a place of its own, named by its file.
  if (common <= 1)
    return sys::path::filename(path).str();
  std::string result;
  for (std::size_t i = common; i != from.size(); ++i)
    result += "../";
  return result + join(ArrayRef(to).drop_front(common), "/");
}

} // namespace

StringRef Places::fileOf(const DIFile *file) {
  auto [it, isNew] = files.try_emplace(file);
  if (!isNew)
    return it->second;
  SmallString<128> path(file->getFilename());
  sys::path::remove_dots(path, /*remove_dot_dot=*/true);
  // Clang splits a path where directory and compilation part.
  if (std::string rest =
          afterSysroot((file->getDirectory() + "/" + path).str());
      !rest.empty())
    it->second = std::move(rest);
  else if (sys::path::is_absolute(path))
    it->second = relativeTo(file->getDirectory(), path);
  else
    it->second = std::string(path);
  return it->second;
}

unsigned Places::of(const DILocation *location) {
  if (!location)
    return 0;
  auto [it, isNew] = known.try_emplace(location);
  if (!isNew)
    return it->second;
  std::string text;
  raw_string_ostream os(text);
  for (const DILocation *at = location; at; at = at->getInlinedAt()) {
    if (at != location)
      os << ", inlined at ";
    os << fileOf(at->getFile()) << ':' << at->getLine();
    if (at->getColumn())
      os << ':' << at->getColumn();
  }
  graph.places.push_back(std::move(text));
  return it->second = graph.places.size() - 1;
}

unsigned Places::of(const DISubprogram *subprogram) {
  if (!subprogram || !subprogram->getFile())
    return 0;
  auto [it, isNew] = known.try_emplace(subprogram);
  if (!isNew)
    return it->second;
  std::string text = fileOf(subprogram->getFile()).str();
  if (subprogram->getLine())
    text += (":" + Twine(subprogram->getLine())).str();
  graph.places.push_back(std::move(text));
  return it->second = graph.places.size() - 1;
}

} // namespace ampoule::linker
