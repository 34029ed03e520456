// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: %compare %s | FileCheck %s
// Virtual bases: construction tables, calls while under construction, casts
// across the hierarchy.
#include <cstdio>

struct Root {
  Root() { std::printf("Root %s\n", who()); }
  virtual const char *who() const { return "root"; }
  virtual ~Root() { std::printf("~Root %s\n", who()); }
  int value = 1;
};
struct Left : virtual Root {
  Left() { std::printf("Left %s\n", who()); }
  const char *who() const override { return "left"; }
};
struct Right : virtual Root {
  Right() { value = 5; }
  virtual int twice() const { return 2 * value; }
};
struct Bottom : Left, Right {
  const char *who() const override { return "bottom"; }
  int twice() const override { return 20 * value; }
};

__attribute__((noinline)) void show(Root *root) {
  auto *right = dynamic_cast<Right *>(root);
  auto *left = dynamic_cast<Left *>(root);
  std::printf("%s %d %d %d\n", root->who(), right ? right->twice() : -1,
              left != nullptr, dynamic_cast<void *>(right) == root);
}

int main() {
  Bottom bottom;
  Left left;
  show(&bottom);
  show(&left);
  return 0;
}
// CHECK: Root root
// CHECK-NEXT: Left left
// CHECK: bottom 100 1 0
// CHECK-NEXT: left -1 1 0
// CHECK: status 0
