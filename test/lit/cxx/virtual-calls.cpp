// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: %compare %s | FileCheck %s
// Single and multiple inheritance: thunks, abstract classes, calls through
// every base, deletion through each.
#include <cstdio>
#include <memory>

struct Shape {
  virtual double area() const = 0;
  virtual const char *name() const { return "shape"; }
  virtual ~Shape() { std::puts("~Shape"); }
};
struct Named {
  virtual const char *label() const { return "named"; }
  virtual ~Named() { std::puts("~Named"); }
  int tag = 7;
};
struct Square : Shape, Named {
  explicit Square(double side) : side(side) {}
  double area() const override { return side * side; }
  const char *name() const override { return "square"; }
  const char *label() const override { return "labelled square"; }
  ~Square() override { std::puts("~Square"); }
  double side;
};
struct Circle final : Shape {
  double area() const override { return 3; }
};
// Never made: its functions may go, but not the base's.
struct Unused : Shape {
  double area() const override { return -1; }
};

__attribute__((noinline)) double sum(const Shape *const *shapes, int count) {
  double total = 0;
  for (int i = 0; i < count; ++i)
    total += shapes[i]->area();
  return total;
}

int main(int argc, char **) {
  std::unique_ptr<Shape> square = std::make_unique<Square>(argc + 1.0);
  std::unique_ptr<Shape> circle = std::make_unique<Circle>();
  const Shape *both[] = {square.get(), circle.get()};
  std::printf("%g %s %s\n", sum(both, 2), square->name(), circle->name());
  std::unique_ptr<Named> named = std::make_unique<Square>(2);
  std::printf("%s %d\n", named->label(), named->tag);
  return argc;
}
// CHECK: 7 square shape
// CHECK-NEXT: labelled square 7
// CHECK-NEXT: ~Square
// CHECK-NEXT: ~Named
// CHECK-NEXT: ~Shape
// CHECK: status 1
