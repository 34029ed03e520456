// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The output:
//
//   hello: the sealed tables at 0x111000, 5 mappings; 57344 bytes of code
//   ok      file           an ELF file whose segments lie within it
//   …
//   FAILED  instructions   no byte of code begins an instruction that could …
//     0x104025: wrmsr
//     >>> in main
#include "tools/Verify.h"
#include "xen-boot/image/Verify.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Demangle/Demangle.h"
#include "llvm/Object/ELFObjectFile.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MemoryBuffer.h"
#include <map>

using namespace llvm;

namespace ampoule::tools {
namespace {

/// Functions by address, from IMAGE.dbg; empty without it.
std::map<std::uint64_t, std::string> readFunctions(StringRef image) {
  std::map<std::uint64_t, std::string> functions;
  auto file = object::ObjectFile::createObjectFile((image + ".dbg").str());
  if (!file) {
    consumeError(file.takeError());
    return functions;
  }
  for (const object::SymbolRef &symbol : file->getBinary()->symbols()) {
    Expected<StringRef> name = symbol.getName();
    Expected<std::uint64_t> address = symbol.getAddress();
    if (name && address && !name->empty())
      functions[*address] = name->str();
    consumeError(name ? Error::success() : name.takeError());
    consumeError(address ? Error::success() : address.takeError());
  }
  return functions;
}

void printMappings(ArrayRef<image::Mapping> mappings) {
  for (const image::Mapping &mapping : mappings)
    outs() << formatv("  {0:x16}-{1:x16} -> {2:x16} r", mapping.address,
                      mapping.address + mapping.size, mapping.physical)
           << (mapping.access.write ? 'w' : '-')
           << (mapping.access.execute ? 'x' : '-') << '\n';
}

} // namespace

int printVerification(StringRef image, bool mappings) {
  ErrorOr<std::unique_ptr<MemoryBuffer>> file =
      MemoryBuffer::getFile(image, /*IsText=*/false,
                            /*RequiresNullTerminator=*/false);
  if (std::error_code code = file.getError()) {
    errs() << "ampoule: error: cannot open " << image << ": " << code.message()
           << '\n';
    return 1;
  }
  StringRef bytes = (*file)->getBuffer();
  image::Verification found =
      image::verifyImage(ArrayRef(bytes.data(), bytes.size()));
  outs() << image << ": the sealed tables at " << formatv("{0:x}", found.root)
         << ", " << found.mappings.size() << " mappings; "
         << found.executableBytes << " bytes of code\n";
  if (mappings)
    printMappings(found.mappings);
  std::map<std::uint64_t, std::string> functions = readFunctions(image);
  // What comes after a rule that ended the search has not been looked at.
  bool isOpen = found.mappings.empty();
  for (const image::Rule &rule : image::rules()) {
    bool holds = none_of(found.violations, [&](const image::Violation &each) {
      return each.rule == rule.name;
    });
    bool isKnown = !isOpen || !holds || rule.name == "file";
    outs() << (!holds    ? "FAILED  "
               : isKnown ? "ok      "
                         : "?       ")
           << left_justify(rule.name, 15) << rule.meaning << '\n';
    for (const image::Violation &each : found.violations) {
      if (each.rule != rule.name)
        continue;
      outs() << "  " << formatv("{0:x}", each.address) << ": " << each.what
             << '\n';
      auto it = functions.upper_bound(each.address);
      if (it != functions.begin())
        outs() << "  >>> in " << demangle(std::prev(it)->second) << '\n';
    }
  }
  outs() << "For a PV domain this says that the layout is W^X, and no more.\n";
  return found.violations.empty() ? 0 : 1;
}

} // namespace ampoule::tools
