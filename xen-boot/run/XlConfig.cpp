// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "xen-boot/run/XlConfig.h"

#include "llvm/ADT/StringExtras.h"

using namespace llvm;

namespace ampoule::run {

/// A string of xl's configuration language.
static std::string quote(StringRef text) {
  std::string result = "'";
  for (char c : text) {
    if (c == '\'' || c == '\\')
      result += '\\';
    result += c;
  }
  return result + "'";
}

std::string xlConfig(StringRef name, StringRef image, StringRef commandLine,
                     bool isPv, unsigned memory, StringRef onEnd) {
  return "name = " + quote(name) + "\ntype = '" +
         (isPv ? "pv" : "pvh") + "'\nkernel = " + quote(image) +
         "\ncmdline = " + quote(commandLine) + "\nmemory = " + utostr(memory) +
         "\nvcpus = 1\nmaxvcpus = 1\n"
         "on_poweroff = '" + onEnd.str() + "'\non_reboot = 'destroy'\n"
         "on_crash = 'preserve'\n";
}

} // namespace ampoule::run
