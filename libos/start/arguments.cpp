// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Words are cut out of the line in place: taking quotes away shortens them.
#include "libos/start/start.h"
#include "xen-boot/abi/handoff.h"

namespace ampoule::start {
namespace {

constinit char defaultName[] = "ampoule";

bool isSeparator(const char *word) {
  return word[0] == '-' && word[1] == '-' && word[2] == 0;
}

/// NAME=VALUE
bool isAssignment(const char *word) {
  if (*word == '=')
    return false;
  while (*word && *word != '=')
    ++word;
  return *word == '=';
}

/// Reads the word at `from`, a writable line; moves `from` behind it.
char *readWord(char *&from, bool &isPlain) {
  char *word = from, *to = from;
  bool isQuoted = false;
  isPlain = true;
  for (; *from && (isQuoted || *from != ' '); ++from) {
    if (*from == '"') {
      isQuoted = !isQuoted;
      isPlain = false;
      continue;
    }
    if (isQuoted && *from == '\\' && from[1])
      ++from;
    *to++ = *from;
  }
  if (*from)
    ++from;
  *to = 0;
  return word;
}

} // namespace

unsigned countWords(const abi::Handoff &handoff) {
  // Quotes can only make it less. Then a name in front, if the line brings
  // none, and two nulls.
  unsigned words = 0;
  for (const char *line = handoff.commandLine; *line; ++line)
    words += *line != ' ' && (line[1] == ' ' || line[1] == 0);
  return words + 3;
}

Arguments readArguments(const abi::Handoff &handoff, char **words) {
  char *line = handoff.commandLine;
  unsigned first = 1, count = first, separator = 0;
  bool onlyAssignments = true;
  while (true) {
    while (*line == ' ')
      ++line;
    if (!*line)
      break;
    bool isPlain;
    char *word = readWord(line, isPlain);
    if (onlyAssignments && isPlain && isSeparator(word))
      separator = count;
    onlyAssignments = onlyAssignments && !separator && isAssignment(word);
    if (!onlyAssignments || !setParameter(word))
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
