// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <cstdio>

int main(int argc, char **) { std::printf("hello %d\n", argc); }
