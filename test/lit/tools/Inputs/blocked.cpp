// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A program with one costly thing more (-DWITH_…).
#include <cstdio>
#include <cstdlib>
#include <cstring>
#ifdef WITH_STREAM
#include <iostream>
#endif
#ifdef WITH_FORMAT
#include <format>
#endif

#ifdef WITH_TABLE
static int compare(const void *a, const void *b) {
  return *static_cast<const char *>(a) - *static_cast<const char *>(b);
}
static long number(char *text) { return std::strtol(text, nullptr, 0); }
static long least(char *text) {
  std::qsort(text, std::strlen(text), 1, compare);
  return *text;
}
static long words(char *text) {
  long count = 0;
  for (char *at = std::strtok(text, " "); at; at = std::strtok(nullptr, " "))
    ++count;
  return count;
}
long (*const kHandlers[])(char *) = {number, least, words};
#endif

int main(int argc, char **argv) {
  std::puts("start");
#if defined WITH_THROW || defined WITH_FORMAT
  try {
    if (argc > 5)
      throw argc;
  } catch (int) {
    std::puts("caught");
  }
#endif
#ifdef WITH_STREAM
  std::cout << "stream " << argc << '\n';
#endif
#ifdef WITH_FORMAT
#if WITH_FORMAT
  char buffer[64];
  std::puts(std::format_to_n(buffer, 63, "{} of {}", argc, argv[0]).out);
#endif
#endif
#ifdef WITH_PRINTF
  std::printf("%d %s\n", argc, argv[0]);
#endif
#ifdef WITH_TABLE
  std::puts(kHandlers[argc % 3](argv[0]) ? "yes" : "no");
#endif
#ifdef WITH_DOUBLE
  std::puts(std::strtod(argv[0], nullptr) > 0 ? "positive" : "not");
#endif
}
