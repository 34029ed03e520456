// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: %compare %s | FileCheck %s
// typeid, dynamic_cast to references, private and ambiguous bases.
#include <cstdio>
#include <cstring>
#include <map>
#include <typeindex>
#include <typeinfo>

struct A { virtual ~A() = default; };
struct B : A {};
struct C : A {};
struct D : B, C {};
struct P : private A { A *base() { return this; } };
template <typename T> struct Box : A { T value{}; };

int main() {
  D d;
  A *a = static_cast<B *>(&d);
  std::printf("%s %d\n", typeid(*a).name(), typeid(*a) == typeid(D));
  std::printf("%d %d\n", dynamic_cast<C *>(a) != nullptr,
              dynamic_cast<C *>(a) == static_cast<C *>(&d));
  try {
    A plain;
    (void)dynamic_cast<B &>(plain);
  } catch (const std::bad_cast &error) {
    std::printf("caught %s\n", typeid(error).name());
  }
  try {
    A *null = nullptr;
    std::printf("%s\n", typeid(*null).name());
  } catch (const std::bad_typeid &) {
    std::puts("bad typeid");
  }
  P p;
  std::printf("private %d\n", dynamic_cast<P *>(p.base()) != nullptr);
  std::map<std::type_index, const char *> names{
      {typeid(Box<int>), "int box"}, {typeid(Box<char>), "char box"}};
  Box<char> box;
  std::printf("%s\n", names.at(typeid(static_cast<A &>(box))));
  return 0;
}
// CHECK: 1D 1
// CHECK-NEXT: 1 1
// CHECK-NEXT: caught St8bad_cast
// CHECK-NEXT: bad typeid
// CHECK-NEXT: private
// CHECK-NEXT: char box
// CHECK-NEXT: status 0
