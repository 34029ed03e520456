// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/ReportFile.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Object/BuildID.h"
#include "llvm/Object/ObjectFile.h"
#include "llvm/Support/MemoryBuffer.h"

using namespace llvm;

namespace ampoule::tools {

Expected<linker::Report> openReport(StringRef image) {
  std::string path = (image + kReportSuffix).str();
  ErrorOr<std::unique_ptr<MemoryBuffer>> file = MemoryBuffer::getFile(path);
  if (std::error_code code = file.getError())
    return createStringError("cannot open " + path + ": " + code.message() +
                             "; the linker writes it beside the image");
  Expected<linker::Report> report = linker::readReport((*file)->getBuffer());
  if (!report)
    return createStringError(path + ": " + toString(report.takeError()));
  Expected<object::OwningBinary<object::ObjectFile>> elf =
      object::ObjectFile::createObjectFile(image);
  if (!elf)
    return createStringError("cannot read " + image + ": " +
                             toString(elf.takeError()));
  std::string id = toHex(object::getBuildID(elf->getBinary()),
                         /*LowerCase=*/true);
  if (report->buildId != id)
    return createStringError(path + ": is of build " + report->buildId +
                             ", but " + image + " is build " + id +
                             "; link the image again");
  return report;
}

void printError(Error error) {
  errs() << "ampoule: error: " << toString(std::move(error)) << '\n';
}

} // namespace ampoule::tools
