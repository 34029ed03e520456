// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "libos/start/start.h"
#include "xen-boot/abi/handoff.h"

namespace ampoule::start {
namespace {

constexpr unsigned kMaxLine = 4096;
// A word takes at least a character and a space.
constexpr unsigned kMaxWords = kMaxLine / 2;

constinit char text[kMaxLine] = {};
constinit char *words[kMaxWords + 3] = {};
constinit char defaultName[] = "ampoule";

bool isSeparator(const char *word) {
  return word[0] == '-' && word[1] == '-' && word[2] == 0;
}

} // namespace

Arguments readArguments(const abi::Handoff &handoff) {
  const char *line = handoff.commandLine;
  char *out = text, *limit = text + kMaxLine - 1;
  // Room for a name in front, if the line brings none, and for the null that
  // ends the environment.
  unsigned first = 1, count = first, separator = 0;
  while (count < kMaxWords) {
    while (*line == ' ')
      ++line;
    if (!*line)
      break;
    char *word = out;
    bool quoted = false, plain = true;
    for (; *line && (quoted || *line != ' ') && out < limit; ++line) {
      if (*line == '"') {
        quoted = !quoted;
        plain = false;
        continue;
      }
      if (quoted && *line == '\\' && line[1])
        ++line;
      *out++ = *line;
    }
    *out++ = 0;
    if (out > limit)
      --out;
    if (!separator && plain && isSeparator(word))
      separator = count;
    words[count++] = word;
  }
  words[count] = nullptr;
  if (separator && separator + 1 < count) {
    words[separator] = nullptr;
    return {static_cast<int>(count - separator - 1), words + separator + 1,
            words + first};
  }
  words[0] = defaultName;
  return {static_cast<int>(count), words, words + count};
}

} // namespace ampoule::start
