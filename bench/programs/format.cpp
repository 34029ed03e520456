// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Integers and strings: no float is formatted.
#include <cstdio>
#include <format>

int main(int argc, char **argv) {
  std::puts(std::format("{} has {} arguments", argv[0], argc).c_str());
}
