// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Errors and warnings of one link, in lld's form.
//
// Policy. What the user can fix is reported here and the stage goes on with a
// sane dummy, so that one run shows every mistake; Pipeline stops at the end of
// a stage that reported an error. What the world did to us (no such file, full
// disk) travels as llvm::Error and is reported once, by whoever gives up. What
// only a bug of ours explains is an assertion.
#pragma once

#include "llvm/ADT/StringSet.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/raw_ostream.h"

namespace ampoule::linker {

class Diag {
public:
  explicit Diag(llvm::raw_ostream &os) : os(os) {}

  unsigned errorLimit = 20;
  bool fatalWarnings = false;

  void error(const llvm::Twine &message);
  void error(llvm::Error error);
  /// Reported once however often it is said.
  void warning(const llvm::Twine &message);

  unsigned errorCount() const { return errors; }
  bool failed() const { return errors != 0; }
  bool warned() const { return warnings != 0; }

private:
  llvm::raw_ostream &os;
  unsigned errors = 0;
  unsigned warnings = 0;
  llvm::StringSet<> said;
};

/// Text out of a broken file, on one line: what is not printable ASCII is a '?'.
std::string printable(llvm::StringRef text);

} // namespace ampoule::linker
