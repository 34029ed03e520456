// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: %compare %s | FileCheck %s
// Catching by base and by value, unwinding through destructors, rethrow,
// nested and function-try-block, exception_ptr, uncaught_exceptions, throwing
// by the library.
#include <dirent.h>
#include <ftw.h>
#include <search.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <functional>
#include <new>
#include <stdexcept>
#include <string>
#include <vector>

struct Trace {
  const char *name;
  ~Trace() { std::printf("~%s %d\n", name, std::uncaught_exceptions()); }
};
struct Base { virtual ~Base() = default; virtual int code() const { return 1; } };
struct Middle : virtual Base { int code() const override { return 2; } };
struct Leaf : Middle, std::runtime_error {
  Leaf() : std::runtime_error("leaf") {}
  int code() const override { return 3; }
};

char *volatile sink;

__attribute__((noinline)) void raise(int kind) {
  Trace trace{"raise"};
  switch (kind) {
  case 0: throw Leaf();
  case 1: throw 42;
  case 2: throw std::string("text");
  case 3: std::vector<int>().at(3); break;
  case 4: std::function<void()>()(); break;
  case 5: sink = new char[static_cast<std::size_t>(kind) << 59]; break;
  case 6: throw static_cast<const Base *>(new Leaf);
  default: throw 2.5;
  }
}

struct Member {
  Member() try : value((throw 7, 1)) {} catch (int x) { std::printf("member %d\n", x); }
  int value;
};

void handle(int kind) {
  try {
    try {
      Trace trace{"outer"};
      raise(kind);
    } catch (const Base &base) {
      std::printf("base %d\n", base.code());
      throw;
    } catch (const Base *base) {
      std::printf("pointer %d\n", base->code());
      delete base;
    }
  } catch (const std::exception &error) {
    std::printf("exception %s\n",
                dynamic_cast<const Leaf *>(&error) ? error.what() : "of the library");
  } catch (int value) {
    std::printf("int %d\n", value);
  } catch (...) {
    std::exception_ptr kept = std::current_exception();
    try {
      std::rethrow_exception(kept);
    } catch (const std::string &text) {
      std::printf("string %s\n", text.c_str());
    } catch (double value) {
      std::printf("double %g\n", value);
    }
  }
}

// Through functions of the C library, which know nothing of exceptions.
int compareBadly(const void *, const void *) {
  Trace trace{"compare"};
  throw 8;
}
int visitBadly(const char *, const struct stat *, int, FTW *) { throw 9; }
int filterBadly(const dirent *) { throw 10; }
void throughC() {
  int numbers[] = {3, 1, 2};
  int key = 1;
  void *tree = nullptr;
  void (*calls[])(int *, int *, void **) = {
      [](int *numbers, int *, void **) { std::qsort(numbers, 3, sizeof(int), compareBadly); },
      [](int *numbers, int *key, void **) {
        std::printf("%p", std::bsearch(key, numbers, 3, sizeof(int), compareBadly));
      },
      [](int *numbers, int *key, void **) {
        std::size_t count = 3;
        lfind(key, numbers, &count, sizeof(int), compareBadly);
      },
      [](int *numbers, int *key, void **tree) {
        tsearch(key, tree, compareBadly);
        tsearch(numbers, tree, compareBadly);
      },
      [](int *, int *, void **tree) {
        twalk(*tree, [](const void *, VISIT, int) { throw 11; });
      },
      [](int *, int *, void **) { nftw("/", visitBadly, 4, FTW_PHYS); },
      [](int *, int *, void **) {
        dirent **entries;
        scandir("/", &entries, filterBadly, alphasort);
      }};
  for (auto call : calls)
    try {
      Trace trace{"call"};
      call(numbers, &key, &tree);
    } catch (int value) {
      std::printf("through C: %d\n", value);
    }
}

int main() {
  throughC();
  for (int kind = 0; kind < 8; ++kind)
    handle(kind);
  try {
    Member member;
  } catch (int x) {
    std::printf("again %d\n", x);
  }
  try {
    try {
      throw std::logic_error("inner");
    } catch (...) {
      std::throw_with_nested(std::runtime_error("outer"));
    }
  } catch (const std::exception &outer) {
    try {
      std::rethrow_if_nested(outer);
    } catch (const std::exception &inner) {
      std::printf("%s in %s\n", inner.what(), outer.what());
    }
  }
  std::set_terminate([] {
    std::puts("terminate");
    std::fflush(stdout);
    std::_Exit(3);
  });
  [&]() noexcept { raise(1); }();
}
// CHECK: ~compare 1
// CHECK-NEXT: ~call 1
// CHECK-NEXT: through C: 8
// CHECK-NEXT: ~compare 1
// CHECK-NEXT: ~call 1
// CHECK-NEXT: through C: 8
// CHECK-NEXT: ~compare 1
// CHECK-NEXT: ~call 1
// CHECK-NEXT: through C: 8
// CHECK-NEXT: ~compare 1
// CHECK-NEXT: ~call 1
// CHECK-NEXT: through C: 8
// CHECK-NEXT: ~call 1
// CHECK-NEXT: through C: 11
// CHECK-NEXT: ~call 1
// CHECK-NEXT: through C: 9
// CHECK-NEXT: ~call 1
// CHECK-NEXT: through C: 10
// CHECK: ~raise 1
// CHECK-NEXT: ~outer 1
// CHECK-NEXT: base 3
// CHECK-NEXT: exception leaf
// CHECK: int 42
// CHECK: string text
// CHECK: exception of the library
// CHECK: exception of the library
// CHECK: exception of the library
// CHECK: pointer 3
// CHECK: double 2.5
// CHECK: member 7
// CHECK-NEXT: again 7
// CHECK-NEXT: inner in outer
// CHECK: terminate
// CHECK-NEXT: status 3
