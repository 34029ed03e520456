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

#include "llvm/Support/Format.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"
#include <map>

using namespace llvm;

namespace ampoule::tools {
namespace {

void printTable(StringRef title, const std::map<std::string, std::int64_t> &rows,
                std::int64_t total) {
  std::vector<std::pair<std::int64_t, std::string>> sorted;
  for (auto &[name, bytes] : rows)
    sorted.push_back({-bytes, name});
  llvm::sort(sorted);
  outs() << "\n   bytes  " << title << '\n';
  for (auto &[bytes, name] : sorted)
    outs() << format("%8lld  ", static_cast<long long>(-bytes)) << name << '\n';
  outs() << format("%8lld  total\n", static_cast<long long>(total));
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
  std::map<std::string, std::int64_t> modules, kinds;
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
  printTable("module", modules, total);
  printTable("kind", kinds, total);
  if (const json::Array *calls = report->getArray("unimplemented");
      calls && !calls->empty()) {
    outs() << "\nsystem calls that return ENOSYS:\n";
    for (const json::Value &call : *calls)
      outs() << "  " << call.getAsString().value_or("") << '\n';
  }
  return 0;
}

} // namespace ampoule::tools
