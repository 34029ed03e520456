// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The console as a terminal: the standard descriptors. Output goes out at once.
// Input comes by the line, as from a terminal in canonical mode (POSIX.1-2017,
// section 11.1.6): it is echoed, backspace takes a character back, control-D
// ends the line or, at its start, the file.
#include "libos/console/console.h"
#include "libos/posix/file.h"

using namespace ampoule;
using namespace ampoule::posix;

namespace {

constexpr unsigned kMaxLine = 1024;
constexpr char kEnd = 4, kBackspace = 8, kDelete = 127;

constinit char line[kMaxLine] = {};
constinit unsigned lineSize = 0, lineRead = 0;

/// False: there is no more input.
bool readLine() {
  lineSize = lineRead = 0;
  while (true) {
    int c = console::read();
    if (c < 0 || c == kEnd)
      return lineSize != 0;
    if (c == kBackspace || c == kDelete) {
      if (lineSize != 0) {
        --lineSize;
        console::write("\b \b", 3);
      }
      continue;
    }
    char put = c == '\r' ? '\n' : static_cast<char>(c);
    if (put != '\n' && lineSize == kMaxLine - 1)
      continue;
    console::write(&put, 1);
    line[lineSize++] = put;
    if (put == '\n')
      return true;
  }
}

} // namespace

long Terminal::read(char *buffer, std::size_t size) {
  if (lineRead == lineSize && (size == 0 || !readLine()))
    return 0;
  std::size_t left = lineSize - lineRead;
  std::size_t count = size < left ? size : left;
  __builtin_memcpy(buffer, line + lineRead, count);
  lineRead += static_cast<unsigned>(count);
  return static_cast<long>(count);
}

long Terminal::write(const char *buffer, std::size_t size) {
  console::write(buffer, size);
  return static_cast<long>(size);
}

constinit Terminal posix::terminal(kCharacterDevice | 0620,
                                         5 << 8 | 1, // /dev/console
                                         /*isTerminal=*/true);
