// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// std::to_chars and std::format of floating-point values with a precision.
// libc++'s own version (src/ryu/d2fixed.cpp) has 104 KB of tables, which would
// come into every image with std::format: which arguments are formatted is only
// known at run time. musl's printf is as exact and needs none.
#include <__config>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstring>

#include "include/ryu/d2fixed.h"

_LIBCPP_BEGIN_NAMESPACE_STD

/// What printf makes of `format`, without a terminating zero, which would be written
/// behind the text, where nothing may be; or, if it does not fit, value_too_large
/// ([charconv.to.chars]).
static to_chars_result print(const char *format, char *first, char *last,
                             double value, uint32_t precision) {
  constexpr size_t kUsual = 64;
  char usual[kUsual], *text = usual;
  const int size =
      snprintf(text, kUsual, format, static_cast<int>(precision), value);
  const size_t needed = static_cast<size_t>(size);
  if (size < 0 || needed > static_cast<size_t>(last - first))
    return {last, errc::value_too_large};
  if (needed >= kUsual) {
    text = static_cast<char *>(__builtin_alloca(needed + 1));
    snprintf(text, needed + 1, format, static_cast<int>(precision), value);
  }
  memcpy(first, text, needed);
  return {first + needed, errc{}};
}

[[nodiscard]] to_chars_result __d2fixed_buffered_n(char *first, char *last,
                                                   double value,
                                                   uint32_t precision) {
  return print("%.*f", first, last, value, precision);
}

[[nodiscard]] to_chars_result __d2exp_buffered_n(char *first, char *last,
                                                 double value,
                                                 uint32_t precision) {
  return print("%.*e", first, last, value, precision);
}

/// The lowest `size` digits.
void __append_n_digits(uint32_t size, uint32_t digits, char *result) {
  for (char *at = result + size; at != result; digits /= 10)
    *--at = static_cast<char>('0' + digits % 10);
}

void __append_nine_digits(uint32_t digits, char *result) {
  __append_n_digits(9, digits, result);
}

_LIBCPP_END_NAMESPACE_STD
