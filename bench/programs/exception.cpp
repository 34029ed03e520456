// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <cstdio>
#include <stdexcept>
int main(int argc, char **) {
  try {
    if (argc < 5)
      throw std::runtime_error("thrown");
  } catch (const std::exception &error) {
    std::puts(error.what());
  }
}
