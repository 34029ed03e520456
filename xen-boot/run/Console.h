// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "xen-boot/run/Symbolize.h"

#include <optional>

namespace ampoule::run {

/// Copies a program's console to standard output as it comes, without carriage
/// returns. Of a panic report the addresses get names, of Xen's serial line
/// Xen's own messages ("(XEN) …") are left out and kept.
class Console {
public:
  Console(llvm::StringRef image, bool hasXenLines)
      : image(image), hasXenLines(hasXenLines) {}
  ~Console();

  void write(llvm::StringRef text);

  const std::string &xenMessages() const { return messages; }

private:
  bool mayBeSpecial() const;
  void show();
  void finishLine(bool complete);
  std::string named();

  std::string image;
  bool hasXenLines;
  bool shown = false; ///< the current line's start has been printed
  bool noSymbols = false;
  std::string line, messages;
  std::optional<Symbolizer> symbolizer;
};

} // namespace ampoule::run
