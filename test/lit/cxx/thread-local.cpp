// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: split-file %s %t.d
// RUN: %compare %t.d/main.cpp %t.d/other.cpp | FileCheck %s
//--- main.cpp
#include <cstdint>
#include <cstdio>
#include <string>

struct Loud {
  explicit Loud(const char *name) : name(name) { std::printf("+%s\n", name); }
  ~Loud() { std::printf("-%s\n", name); }
  const char *name;
};
thread_local Loud loud("thread");
thread_local int zero;
thread_local int counted = 5;
alignas(64) thread_local char aligned[64] = "aligned";
extern thread_local std::string text;
__thread long plain = 77;

int main() {
  std::printf("%d %d %ld\n", zero, counted, plain);
  counted += 2;
  std::printf("%s %d %s\n", loud.name, counted, aligned);
  std::printf("%d\n",
              static_cast<int>(reinterpret_cast<std::uintptr_t>(aligned) % 64));
  text += " changed";
  std::printf("%s\n", text.c_str());
}
//--- other.cpp
#include <string>
thread_local std::string text = "from another file, longer than a short string";
// CHECK: 0 5 77
// CHECK: thread 7 aligned
// CHECK-NEXT: 0
// CHECK-NEXT: from another file, longer than a short string changed
// CHECK-NEXT: -thread
// CHECK-NEXT: status 0
