// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <cstdio>
int main() { std::puts("hello"); }
