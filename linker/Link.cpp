// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Arguments in, files out. Outputs appear whole or not at all: each is written
// beside its place and renamed. An image has two companions, IMAGE.dbg (symbols
// and line tables for debuggers) and IMAGE.report.json; both carry its build
// ID.
#include "linker/Link.h"
#include "linker/Cache.h"
#include "linker/Diag.h"
#include "linker/Library.h"
#include "linker/Pipeline.h"
#include "linker/Summary.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace llvm;

namespace ampoule::linker {
namespace {

/// An output that is one of the inputs would be destroyed by a failed link.
bool overwritesInput(const Config &config) {
  for (const InputSpec &input : config.inputs)
    if (!input.isLibrary && sys::fs::exists(config.output) &&
        sys::fs::equivalent(input.path, config.output))
      return true;
  return false;
}

void writeMap(const Config &config, const Report &report, Diag &diag) {
  std::string text;
  raw_string_ostream os(text);
  os << "  Offset     Size Kind     Module               Symbol\n";
  for (const ByteMapEntry &entry : report.byteMap)
    os << format("%8llx %8llx ", (unsigned long long)entry.offset,
                 (unsigned long long)entry.size)
       << left_justify(entry.kind, 9) << left_justify(entry.module, 21)
       << entry.symbol << '\n';
  if (config.map == "-")
    outs() << text;
  else if (Error error = writeOutput(config.map, text, /*executable=*/false))
    diag.error(std::move(error));
}

Files filesOf(const Product &product) {
  Files files;
  files.image.assign(product.image.file.begin(), product.image.file.end());
  files.debug.assign(product.image.debugFile.begin(),
                     product.image.debugFile.end());
  files.report = product.reportText;
  return files;
}

/// The companions first: whoever sees the image finds them.
void writeFiles(const Config &config, const Files &files, Diag &diag) {
  for (auto [suffix, bytes, executable] :
       {std::tuple(".dbg", &files.debug, false),
        std::tuple(".report.json", &files.report, false),
        std::tuple("", &files.image, true)}) {
    if (config.output == "/dev/null" && *suffix)
      continue;
    if (Error error = writeOutput(config.output + suffix, *bytes, executable)) {
      diag.error(std::move(error));
      return;
    }
  }
}

void printSummary(const Config &config, const Report &report) {
  LiveSet live = reach(report.explanation.graph);
  printHeadline(report, sys::path::filename(config.output),
                findBlockers(report, live, leastWorth(addBytes(report))),
                outs());
}

} // namespace

int linkMain(ArrayRef<const char *> args, StringRef programPath) {
  Diag diag(errs());
  SmallString<128> prefix =
      sys::path::parent_path(sys::path::parent_path(programPath));
  std::optional<Config> config = parseArguments(args, prefix, diag);
  if (!config || diag.failed())
    return diag.failed();
  if (overwritesInput(*config)) {
    diag.error("the output " + config->output + " is also an input");
    return 1;
  }
  if (Error error = checkOutput(config->output)) {
    diag.error(std::move(error));
    return 1;
  }
  if (config->kind != OutputKind::Image) {
    writeLibrary(*config, diag);
    return diag.failed();
  }

  // What only prints, measures or traces is not worth a cache.
  bool cacheable = config->print.empty() && config->stopAfter.empty() &&
                   config->map.empty() && !config->trace &&
                   !config->randomSeed;
  Cache cache = cacheable ? openCache(*config, args, diag) : Cache();
  if (diag.failed())
    return 1;
  if (std::optional<Files> files = cache.find()) {
    writeFiles(*config, *files, diag);
    if (config->summary)
      printSummary(*config, cantFail(readReport(files->report)));
    return diag.failed();
  }
  std::optional<Product> product = link(*config, diag, outs());
  if (!product)
    return diag.failed();
  Files files = filesOf(*product);
  writeFiles(*config, files, diag);
  if (!config->map.empty())
    writeMap(*config, product->report, diag);
  if (config->summary)
    printSummary(*config, product->report);
  // What was warned of shall be warned of again; files that only the program
  // names are not part of the key.
  bool isWhole = product->report.embeds.size() == config->embeds.size();
  if (!diag.failed() && !diag.warned() && isWhole)
    cache.store(files);
  return diag.failed();
}

} // namespace ampoule::linker
