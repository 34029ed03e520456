// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Short texts that the library OS puts together.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ampoule::console {

/// What does not fit is left out.
template <std::size_t room> class Text {
public:
  Text &operator<<(const char *string) {
    while (*string)
      put(*string++);
    return *this;
  }
  Text &hex(std::uint64_t value, unsigned digits) {
    while (digits-- > 0)
      put("0123456789abcdef"[value >> 4 * digits & 15]);
    return *this;
  }
  Text &address(std::uint64_t value) {
    return (*this << "0x").hex(value, 16);
  }
  Text &number(std::uint64_t value) {
    if (value >= 10)
      number(value / 10);
    put(static_cast<char>('0' + value % 10));
    return *this;
  }
  Text &integer(std::int64_t value) {
    if (value >= 0)
      return number(static_cast<std::uint64_t>(value));
    put('-');
    return number(-static_cast<std::uint64_t>(value));
  }
  /// With the zero that ends it.
  const char *get() {
    text[size < room ? size : room - 1] = 0;
    return text;
  }

protected:
  void put(char c) {
    if (size < room)
      ++size;
    text[size - 1] = c; // so the last is the line's end
  }
  char text[room];
  unsigned size = 0;
};

} // namespace ampoule::console
