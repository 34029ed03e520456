// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Prints diagnostics; see Diag.h for when to use which.
#include "linker/Diag.h"

#include "llvm/ADT/StringExtras.h"

using namespace llvm;

namespace ampoule::linker {

void Diag::error(const Twine &message) {
  if (errorLimit != 0 && errors == errorLimit)
    os << "ampoule-ld: error: too many errors emitted, stopping now (use "
          "--error-limit=0 to see all errors)\n";
  if (errorLimit == 0 || errors < errorLimit)
    os << "ampoule-ld: error: " << message << '\n';
  ++errors;
}

void Diag::error(Error error) {
  handleAllErrors(std::move(error), [&](const ErrorInfoBase &info) {
    this->error(Twine(info.message()));
  });
}

void Diag::warning(const Twine &message) {
  if (!said.insert(message.str()).second)
    return;
  if (fatalWarnings)
    return error(message);
  os << "ampoule-ld: warning: " << message << '\n';
  ++warnings;
}

std::string printable(StringRef text) {
  std::string result = text.str();
  for (char &c : result)
    if (!isPrint(c))
      c = '?';
  return result;
}

} // namespace ampoule::linker
