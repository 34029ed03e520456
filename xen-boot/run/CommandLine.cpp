// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "xen-boot/run/CommandLine.h"

#include "llvm/ADT/StringRef.h"

using namespace llvm;

namespace ampoule::run {

static void addWord(StringRef word, std::string &line) {
  if (!line.empty())
    line += ' ';
  if (!word.empty() && word.find_first_of(" \"\\") == StringRef::npos) {
    line += word;
    return;
  }
  line += '"';
  for (char c : word) {
    if (c == '"' || c == '\\')
      line += '\\';
    line += c;
  }
  line += '"';
}

std::string formatCommandLine(ArrayRef<std::string> environment, StringRef name,
                              ArrayRef<std::string> arguments) {
  std::string line;
  for (const std::string &entry : environment)
    addWord(entry, line);
  // An argument "--" must not be taken for the separator: it is behind one.
  line += line.empty() ? "--" : " --";
  addWord(name, line);
  for (const std::string &argument : arguments)
    addWord(argument, line);
  return line;
}

} // namespace ampoule::run
