// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "xen-boot/run/Console.h"

#include "llvm/Support/raw_ostream.h"

using namespace llvm;

namespace ampoule::run {

constexpr StringLiteral kXenPrefix = "(XEN)";

Console::~Console() {
  if (!line.empty())
    finishLine(/*complete=*/false);
  outs().flush();
}

void Console::write(StringRef text) {
  for (char c : text) {
    if (c == '\r')
      continue;
    if (c == '\n') {
      finishLine(/*complete=*/true);
      continue;
    }
    if (shown) {
      outs() << c;
      continue;
    }
    line += c;
    // Hold back only what may turn out to be Xen's or part of a report.
    if (!mayBeSpecial())
      show();
  }
  outs().flush();
}

bool Console::mayBeSpecial() const {
  for (StringRef prefix : {StringRef(kXenPrefix), StringRef("  at 0x"),
                           StringRef("  by 0x")})
    if (StringRef(line).starts_with(prefix.take_front(line.size())))
      return true;
  return false;
}

void Console::show() {
  outs() << line;
  line.clear();
  shown = true;
}

void Console::finishLine(bool complete) {
  if (!shown && hasXenLines && StringRef(line).starts_with(kXenPrefix)) {
    messages += line + '\n';
    line.clear();
    return;
  }
  if (StringRef(line).starts_with("  at 0x") ||
      StringRef(line).starts_with("  by 0x"))
    line = named();
  show();
  if (complete)
    outs() << '\n';
  shown = false;
}

std::string Console::named() {
  if (!symbolizer && !noSymbols) {
    Expected<Symbolizer> opened = Symbolizer::open(image);
    if (opened)
      symbolizer = std::move(*opened);
    else
      noSymbols = (consumeError(opened.takeError()), true);
  }
  if (!symbolizer)
    return line;
  Expected<std::string> text = symbolizer->rewrite(line);
  if (text)
    return *text;
  consumeError(text.takeError());
  return line;
}

} // namespace ampoule::run
