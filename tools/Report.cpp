// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The text rendering of a report (docs/report-format.md):
//
//   hello: 108400 bytes, build 55db22ab…
//
//      bytes  module
//      40312  libc++
//      …
//     108400  total
#include "tools/Report.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"
#include <map>

using namespace llvm;

namespace ampoule::tools {
namespace {

using Sizes = std::map<std::string, std::int64_t>;

/// Largest first. `before`, of what the linker counted before pruning, may be
/// empty; it has no headers, padding and tables.
void printTable(StringRef title, const Sizes &sizes, const Sizes &before) {
  std::vector<std::pair<std::int64_t, std::string>> sorted;
  std::int64_t total = 0, totalBefore = 0;
  Sizes all = sizes;
  all.insert(before.begin(), before.end());
  for (auto &[name, bytes] : all) {
    auto it = sizes.find(name);
    sorted.push_back({it == sizes.end() ? 0 : -it->second, name});
  }
  llvm::sort(sorted);
  auto printRow = [&](std::int64_t was, std::int64_t is, StringRef name) {
    if (!before.empty())
      outs() << right_justify(was ? itostr(was) : "", 8);
    outs() << right_justify(itostr(is), 8) << "  " << name << '\n';
  };
  outs() << '\n' << (before.empty() ? "" : "  before") << "   bytes  " << title
         << '\n';
  for (auto &[bytes, name] : sorted) {
    auto it = before.find(name);
    std::int64_t was = it == before.end() ? 0 : it->second;
    printRow(was, -bytes, name);
    total -= bytes;
    totalBefore += was;
  }
  printRow(totalBefore, total, "total");
}

} // namespace

int printReport(StringRef image) {
  std::string path = (image + ".report.json").str();
  ErrorOr<std::unique_ptr<MemoryBuffer>> file = MemoryBuffer::getFile(path);
  if (std::error_code code = file.getError()) {
    errs() << "ampoule: error: cannot open " << path << ": " << code.message()
           << "; the linker writes it beside the image\n";
    return 1;
  }
  Expected<json::Value> value = json::parse((*file)->getBuffer());
  const json::Object *report = value ? value->getAsObject() : nullptr;
  const json::Array *map = report ? report->getArray("byteMap") : nullptr;
  if (!map) {
    errs() << "ampoule: error: " << path << ": is not a report\n";
    if (!value)
      consumeError(value.takeError());
    return 1;
  }
  Sizes modules, kinds, before;
  std::int64_t total = 0;
  for (const json::Value &entry : *map) {
    const json::Object *piece = entry.getAsObject();
    if (!piece)
      continue;
    std::int64_t size = piece->getInteger("size").value_or(0);
    StringRef kind = piece->getString("kind").value_or("");
    StringRef module = piece->getString("module").value_or("");
    total += size;
    kinds[kind.str()] += size;
    modules[module.empty() ? kind.str() : module.str()] += size;
  }
  outs() << image << ": " << total << " bytes, build "
         << report->getString("buildId").value_or("?") << '\n';
  if (const json::Object *counted = report->getObject("modules"))
    for (auto &[name, sizes] : *counted)
      if (const json::Object *object = sizes.getAsObject())
        if (std::optional<std::int64_t> bytes = object->getInteger("before"))
          before[name.str()] = *bytes;
  printTable("module", modules, before);
  printTable("kind", kinds, {});
  if (const json::Array *calls = report->getArray("unimplementedSystemCalls");
      calls && !calls->empty()) {
    outs() << "\nsystem calls that return ENOSYS:\n";
    for (const json::Value &call : *calls)
      outs() << "  " << call.getAsString().value_or("") << '\n';
  }
  return 0;
}

} // namespace ampoule::tools
