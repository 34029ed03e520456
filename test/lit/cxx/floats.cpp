// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: %compare -std=c++20 -stdlib=libc++ -static -pthread %s | FileCheck %s
// Floating-point values as text: to_chars in every form, exactly as long as
// there is room, and std::format.
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <format>
#include <limits>
#include <random>
#include <string>

static unsigned long hash = 14695981039346656037u;
static void add(const std::string &text) {
  for (char c : text)
    hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211u;
}

template <typename Float>
static std::string toChars(Float value, std::chars_format format, int precision,
                           std::size_t room) {
  char buffer[1600];
  std::memset(buffer, '#', sizeof(buffer));
  std::to_chars_result result =
      std::to_chars(buffer, buffer + room, value, format, precision);
  if (result.ec != std::errc{})
    return result.ptr == buffer + room ? "too large" : "wrong end";
  for (const char *at = result.ptr; at != std::end(buffer); ++at)
    if (*at != '#')
      return "written behind the end";
  return std::string(buffer, result.ptr);
}

template <typename Float> static void each(Float value) {
  for (std::chars_format format :
       {std::chars_format::fixed, std::chars_format::scientific,
        std::chars_format::general, std::chars_format::hex})
    for (int precision : {0, 1, 2, 6, 17, 40}) {
      std::string whole = toChars(value, format, precision, 1500);
      add(whole);
      add(toChars(value, format, precision, whole.size()));
      add(toChars(value, format, precision, whole.size() - 1));
    }
  char buffer[1600];
  add(std::string(buffer, std::to_chars(buffer, buffer + 1500, value).ptr));
  add(std::string(buffer, std::to_chars(buffer, buffer + 1500, value,
                                        std::chars_format::fixed).ptr));
  add(std::format("{} {:.3} {:g} {:12.4f} {:<+e} {:a} {:#.0f}", value, value,
                  value, value, value, value, value));
}

int main() {
  for (double value :
       {0.0, -0.0, 1.0, 0.5, 1.5, 2.5, 0.1, 123456789.0, 1e22, 1e23, 1e300,
        5e-324, 2.2250738585072014e-308, 1.7976931348623157e308, 9007199254740993.0,
        0.125, 999999.5, 9.995, -1234.5678})
    each(value);
  each(std::numeric_limits<double>::infinity());
  each(1.0f), each(16777216.0f), each(3.4028235e38f), each(0.1f);
  std::mt19937_64 random(1);
  for (int i = 0; i < 40; ++i) {
    unsigned long bits = random();
    double value;
    std::memcpy(&value, &bits, sizeof(value));
    if (std::isfinite(value))
      each(value);
  }
  std::puts(std::format("{:.2f} {:.10e} {} {:g}", 2.675, 1.0 / 3, 0.1, 1e6).c_str());
  std::puts(toChars(1e22, std::chars_format::fixed, 3, 1500).c_str());
  std::printf("%016lx\n", hash);
}
// CHECK: 2.67 3.3333333333e-01 0.1 1e+06
// CHECK-NEXT: 10000000000000000000000.000
// CHECK-NEXT: {{^[0-9a-f]{16}$}}
// CHECK-NEXT: status 0
