// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: %compare %s | FileCheck %s
// Pointers to virtual and other members: functions that no call names.
#include <cstdio>

struct Base {
  virtual int first(int x) { return x; }
  virtual int second(int x) { return x * 2; }
  virtual int third(int x) { return x * 3; }
  int plain(int x) { return x - 1; }
  int field = 9;
  virtual ~Base() = default;
};
struct Other {
  virtual int pad() { return 0; }
  virtual ~Other() = default;
};
struct Derived : Other, Base {
  int second(int x) override { return x * 20; }
  int third(int x) override { return x * 30; }
};

using Function = int (Base::*)(int);
__attribute__((noinline)) int call(Base &base, Function function, int x) {
  return (base.*function)(x);
}

// Only reachable through this table.
Function table[] = {&Base::first, &Base::second, &Base::third, &Base::plain};
int (Derived::*upcast)(int) = &Base::third;

int main(int argc, char **) {
  Base base;
  Derived derived;
  for (Function function : table)
    std::printf("%d %d\n", call(base, function, argc + 1),
                call(derived, function, argc + 1));
  int Base::*field = &Base::field;
  std::printf("%d %d\n", derived.*field, (derived.*upcast)(1));
  return 0;
}
// CHECK: 2 2
// CHECK-NEXT: 4 40
// CHECK-NEXT: 6 60
// CHECK-NEXT: 1 1
// CHECK-NEXT: 9 30
// CHECK-NEXT: status 0
