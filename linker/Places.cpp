// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "linker/Places.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/IR/Module.h"
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

/// `directory` is the one in which the file was compiled.
static std::string shown(StringRef directory, StringRef file) {
  SmallString<128> path(file);
  sys::path::remove_dots(path, /*remove_dot_dot=*/true);
  // Clang splits a path where directory and compilation part.
  if (std::string rest = afterSysroot((directory + "/" + path).str());
      !rest.empty())
    return rest;
  if (sys::path::is_absolute(path))
    return relativeTo(directory, path);
  return std::string(path);
}

StringRef Places::fileOf(const DIFile *file) {
  auto [it, isNew] = files.try_emplace(file);
  if (isNew)
    it->second = shown(file->getDirectory(), file->getFilename());
  return it->second;
}

/// The unit whose main file that is; its directory is where it was compiled.
static const DICompileUnit *unitOf(const Module &module, StringRef file) {
  for (const DICompileUnit *unit : module.debug_compile_units()) {
    SmallString<128> path(unit->getDirectory());
    sys::path::append(path, unit->getFilename());
    if (unit->getFilename() == file || path == file)
      return unit;
  }
  return nullptr;
}

std::string shownFile(const Module &module, StringRef file) {
  const DICompileUnit *unit = unitOf(module, file);
  return shown(unit ? unit->getDirectory() : "", file);
}

std::string shownPlace(const Module &module, StringRef place) {
  auto units = module.debug_compile_units();
  StringRef directory =
      units.begin() == units.end() ? "" : (*units.begin())->getDirectory();
  StringRef file = place.rsplit(':').first.rsplit(':').first;
  return shown(directory, file) + place.substr(file.size()).str();
}

std::string directoryOf(const Module &module, StringRef file) {
  SmallString<128> path(file);
  if (const DICompileUnit *unit = unitOf(module, file);
      unit && !sys::path::is_absolute(path)) {
    path = unit->getDirectory();
    sys::path::append(path, file);
  }
  return sys::path::parent_path(path).str();
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
