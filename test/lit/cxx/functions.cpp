// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: %compare %s | FileCheck %s
// Code reached through values only: std::function, lambdas, std::any, variant,
// shared_ptr deleters, qsort, signals, jump tables of C.
#include <any>
#include <csetjmp>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <variant>

int add(int a, int b) { return a + b; }
struct Multiply {
  int operator()(int a, int b) const { return a * b; }
};
int compare(const void *a, const void *b) {
  return *static_cast<const int *>(a) - *static_cast<const int *>(b);
}
volatile std::sig_atomic_t seen;
void onSignal(int number) { seen = number; }
std::jmp_buf environment;
[[noreturn]] void jump() { std::longjmp(environment, 5); }

int main() {
  int captured = 100;
  std::map<std::string, std::function<int(int, int)>> operations{
      {"add", add},
      {"mul", Multiply()},
      {"cap", [&](int a, int b) { return captured += a - b; }},
      {"bind", std::bind(add, std::placeholders::_2, 1000)}};
  for (auto &[name, operation] : operations)
    std::printf("%s %d\n", name.c_str(), operation(6, 7));
  std::printf("%s\n", operations["mul"].target_type() == typeid(Multiply) ? "typed" : "untyped");

  std::any any = std::string("any");
  std::printf("%s\n", std::any_cast<std::string &>(any).c_str());
  std::variant<int, std::string, double> variant = 2.5;
  std::visit([](auto &value) { std::printf("size %d\n", static_cast<int>(sizeof value)); },
             variant = 3);
  {
    std::shared_ptr<int> shared(new int(3), [](int *p) {
      std::printf("deleter %d\n", *p);
      delete p;
    });
    std::weak_ptr<int> weak = shared;
    shared.reset();
    std::printf("expired %d\n", weak.expired());
  }
  int numbers[] = {5, 3, 9, 1};
  std::qsort(numbers, 4, sizeof(int), compare);
  std::printf("%d %d\n", numbers[0], numbers[3]);
  std::signal(SIGUSR1, onSignal);
  std::raise(SIGUSR1);
  std::printf("signal %d\n", static_cast<int>(seen));
  if (int value = setjmp(environment))
    std::printf("jumped %d\n", value);
  else
    jump();
  return 0;
}
// CHECK: add 13
// CHECK-NEXT: bind 1007
// CHECK-NEXT: cap 99
// CHECK-NEXT: mul 42
// CHECK-NEXT: typed
// CHECK-NEXT: any
// CHECK-NEXT: size 4
// CHECK-NEXT: deleter 3
// CHECK-NEXT: expired 1
// CHECK-NEXT: 1 9
// CHECK-NEXT: signal 10
// CHECK-NEXT: jumped 5
