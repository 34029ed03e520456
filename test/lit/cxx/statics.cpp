// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: split-file %s %t.d
// RUN: %compare %t.d/main.cpp %t.d/other.cpp | FileCheck %s
// Static construction in every form, destruction in reverse, atexit, the
// order within a file and between files, priorities.
//--- main.cpp
#include <cstdio>
#include <cstdlib>

struct Loud {
  explicit Loud(const char *name) : name(name) { std::printf("+%s\n", name); }
  ~Loud() { std::printf("-%s\n", name); }
  const char *name;
};
Loud first("first");
static Loud hidden("hidden");
inline Loud shared("inline");
template <typename T> struct Holder { static Loud member; };
template <typename T> Loud Holder<T>::member("template member");
__attribute__((init_priority(200))) Loud early("early");
__attribute__((init_priority(101))) Loud earlier("earlier");
__attribute__((constructor)) static void constructor() { std::puts("constructor"); }
__attribute__((destructor)) static void destructor() { std::puts("destructor"); }
extern Loud &other();

Loud &local() {
  static Loud loud("local");
  return loud;
}
int main() {
  std::atexit([] { std::puts("atexit"); });
  std::puts("main");
  local();
  local();
  other();
  std::printf("%s\n", Holder<int>::member.name);
}
//--- other.cpp
#include <cstdio>
struct Loud {
  explicit Loud(const char *name);
  const char *name;
};
struct Quiet {
  Quiet() { std::puts("+other file"); }
  ~Quiet() { std::puts("-other file"); }
};
Quiet quiet;
extern Loud first;
Loud &other() { return first; }
// CHECK: +earlier
// CHECK-NEXT: +early
// CHECK: constructor
// CHECK: main
// CHECK-NEXT: +local
// CHECK-NEXT: template member
// CHECK-NEXT: -local
// CHECK-NEXT: atexit
// CHECK: -early
// CHECK-NEXT: -earlier
// CHECK: status 0
