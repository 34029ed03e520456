// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Lines that the library OS itself writes.
#pragma once

#include "libos/abi/config.h"
#include "libos/console/console.h"

#include <cstdint>

namespace ampoule::console {

/// Whether the configuration wants to hear of it.
inline bool says(LogLevel level) { return ampoule_config_log >= level; }

/// Text is collected and written by the line: a write may be a hypercall.
class Line {
public:
  Line &operator<<(const char *string) {
    while (*string)
      put(*string++);
    return *this;
  }
  Line &hex(std::uint64_t value, unsigned digits) {
    while (digits-- > 0)
      put("0123456789abcdef"[value >> 4 * digits & 15]);
    return *this;
  }
  Line &address(std::uint64_t value) { return (*this << "0x").hex(value, 16); }
  Line &number(std::uint64_t value) {
    if (value >= 10)
      number(value / 10);
    put(static_cast<char>('0' + value % 10));
    return *this;
  }
  Line &integer(std::int64_t value) {
    if (value >= 0)
      return number(static_cast<std::uint64_t>(value));
    put('-');
    return number(-static_cast<std::uint64_t>(value));
  }
  ~Line() {
    put('\n');
    write(text, size);
  }

private:
  void put(char c) {
    if (size < sizeof(text))
      ++size;
    text[size - 1] = c; // so the last is the line's end
  }
  char text[160];
  unsigned size = 0;
};

} // namespace ampoule::console
