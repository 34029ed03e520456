// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: split-file %s %t.d
// RUN: %compare %t.d/main.cpp -x c %t.d/other.c -x assembler-with-cpp \
// RUN:   %t.d/native.S | FileCheck %s
// Aliases, weak and undefined weak symbols, sections with a start and an end,
// inline assembly that names symbols, addresses that must differ.
//--- main.cpp
#include <cstdio>
#include <cstdlib>
#include <new>

extern "C" {
int original(int x) { return x + 1; }
int alias(int) __attribute__((alias("original")));
int weakDefault(int x) __attribute__((weak));
int weakDefault(int x) { return x; }
int missing(int) __attribute__((weak));
int fromNative(int);
int calledByNative(int x) { return x * 3; }
extern int common;
int readCommon();
}
// Nothing refers to it but the assembly.
extern "C" __attribute__((used)) int secret(int x) { return x ^ 0xff; }
static int callByAssembly(int x) {
  int result;
  asm("call secret" : "=a"(result) : "D"(x) : "rcx", "rdx", "rsi", "r8", "r9", "r10", "r11", "memory", "cc");
  return result;
}

// Defined by assembly, called by the program.
asm(".text\n.globl inAssembly\ninAssembly: lea 7(%rdi), %eax\n  ret\n");
extern "C" int inAssembly(int);

__attribute__((section("table"), used)) static const int one = 1;
__attribute__((section("table"), used)) static const int two = 2;
extern "C" const int __start_table[], __stop_table[];

template <int n> __attribute__((noinline)) int same() { return 5; }
__attribute__((noinline)) bool differ(int (*a)(), int (*b)()) { return a != b; }
static int news;
void *operator new(std::size_t size) {
  ++news;
  if (void *memory = std::malloc(size))
    return memory;
  throw std::bad_alloc();
}
void operator delete(void *memory) noexcept { std::free(memory); }
void operator delete(void *memory, std::size_t) noexcept { std::free(memory); }

int main() {
  std::printf("%d %d\n", alias(1), reinterpret_cast<void *>(&alias) == reinterpret_cast<void *>(&original));
  std::printf("weak %d\n", weakDefault(1));
  std::printf("missing %d\n", missing ? missing(1) : -1);
  std::printf("native %d\n", fromNative(4));
  std::printf("assembly %d\n", callByAssembly(1));
  std::printf("in assembly %d\n", inAssembly(1));
  int sum = 0;
  for (const int *i = __start_table; i != __stop_table; ++i)
    sum += *i;
  std::printf("table %d\n", sum);
  std::printf("differ %d\n", differ(same<1>, same<2>));
  common = 8;
  std::printf("common %d\n", readCommon());
  int *volatile p = new int(1);
  delete p;
  std::printf("news %d\n", news > 0);
  return 0;
}
//--- other.c
int common;
int readCommon(void) { return common + 1; }
int weakDefault(int x) { return x * 100; }
//--- native.S
  .globl fromNative
  .type fromNative, @function
fromNative:
  push %rbx
  call calledByNative
  pop %rbx
  add $1, %eax
  ret
  .size fromNative, . - fromNative
  .section .note.GNU-stack, "", @progbits
// CHECK: 2 1
// CHECK-NEXT: weak 100
// CHECK-NEXT: missing -1
// CHECK-NEXT: native 13
// CHECK-NEXT: assembly 254
// CHECK-NEXT: in assembly 8
// CHECK-NEXT: table 3
// CHECK-NEXT: differ 1
// CHECK-NEXT: common 9
// CHECK-NEXT: news 1
// CHECK-NEXT: status 0
