// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/ReportFile.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Object/BuildID.h"
#include "llvm/Object/ObjectFile.h"
#include "llvm/Support/MemoryBuffer.h"

using namespace llvm;

namespace ampoule::tools {

Expected<json::Value> openReport(StringRef image) {
  std::string path = (image + ".report.json").str();
  ErrorOr<std::unique_ptr<MemoryBuffer>> file = MemoryBuffer::getFile(path);
  if (std::error_code code = file.getError())
    return createStringError("cannot open " + path + ": " + code.message() +
                             "; the linker writes it beside the image");
  Expected<json::Value> value = json::parse((*file)->getBuffer());
  const json::Object *report = value ? value->getAsObject() : nullptr;
  if (!report || report->getInteger("schema") != 2 ||
      !report->getArray("byteMap")) {
    if (!value)
      consumeError(value.takeError());
    return createStringError(path + ": is not a report");
  }
  Expected<object::OwningBinary<object::ObjectFile>> elf =
      object::ObjectFile::createObjectFile(image);
  if (!elf)
    return createStringError("cannot read " + image + ": " +
                             toString(elf.takeError()));
  std::string id = toHex(object::getBuildID(elf->getBinary()),
                         /*LowerCase=*/true);
  StringRef reported = report->getString("buildId").value_or("");
  if (reported != id)
    return createStringError(path + ": is of build " + reported + ", but " +
                             image + " is build " + id +
                             "; link the image again");
  return std::move(*value);
}

Expected<linker::Explanation> openExplanation(StringRef image,
                                              const json::Value &report) {
  const json::Object *graph = report.getAsObject()->getObject("graph");
  Expected<linker::Explanation> explanation =
      graph
          ? linker::readExplanation(*graph)
          : Expected<linker::Explanation>(createStringError("it has no graph"));
  if (!explanation)
    return createStringError(
        image + ".report.json: " + toString(explanation.takeError()));
  return explanation;
}

ByteTotals addBytes(const json::Value &report) {
  ByteTotals totals;
  for (const json::Value &value : *report.getAsObject()->getArray("byteMap"))
    if (const json::Object *piece = value.getAsObject()) {
      std::int64_t size = piece->getInteger("size").value_or(0);
      StringRef kind = piece->getString("kind").value_or("");
      StringRef module = piece->getString("module").value_or("");
      totals.total += size;
      totals.byKind[kind.str()] += size;
      totals.byModule[(module.empty() ? kind : module).str()] += size;
    }
  return totals;
}

void printError(Error error) {
  errs() << "ampoule: error: " << toString(std::move(error)) << '\n';
}

} // namespace ampoule::tools
