// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: %compare %s | FileCheck %s
// An exception passes frames of every kind, and each caller finds its variables as they
// were: in registers that frames below saved, and on the stack.
#include <cstdint>
#include <cstdio>
#include <string>

#define NOINLINE __attribute__((noinline))

using Number = std::uint64_t;

// A value that nobody knows before it runs.
volatile Number one = 1;
static int destroyed;

struct Guard {
  ~Guard() { ++destroyed; }
};

NOINLINE Number mix(Number a, Number b) { return (a ^ b) * 0x9e3779b97f4a7c15u; }
NOINLINE void thrower(Number n) {
  if (n != 0)
    throw n;
}

// As many values across the call as registers are saved, from none to all.
NOINLINE void saveNone(Number n) {
  thrower(n);
  one = 1;
}
template <int count> struct Saves {
  NOINLINE static Number run(Number n) {
    Number values[count];
    for (int i = 0; i != count; ++i)
      values[i] = mix(n + i, one);
    Number sum = 0;
    try {
      saveNone(n);
    } catch (Number thrown) {
      sum = thrown;
    }
    for (int i = 0; i != count; ++i)
      sum = mix(sum, values[i]);
    return sum;
  }
  // The same without a handler: the caller's registers come back through it.
  NOINLINE static Number pass(Number n) {
    Number values[count];
    for (int i = 0; i != count; ++i)
      values[i] = mix(n + i, one);
    thrower(n);
    Number sum = n;
    for (int i = 0; i != count; ++i)
      sum = mix(sum, values[i]);
    return sum;
  }
};

// Frames of sizes that one byte of words cannot say, that are probed page by page, that
// are aligned, and whose size only the call knows.
template <int bytes> NOINLINE Number large(Number n) {
  volatile char room[bytes];
  room[0] = room[bytes - 1] = static_cast<char>(n);
  Number a = mix(n, one), b = mix(a, one), c = mix(b, one);
  thrower(n);
  return a + b + c + room[bytes - 1];
}
template <int alignment> NOINLINE Number aligned(Number n) {
  alignas(alignment) volatile char room[alignment];
  room[0] = static_cast<char>(reinterpret_cast<Number>(room) % alignment);
  Number a = mix(n, one), b = mix(a, one);
  thrower(n);
  return a + b + room[0];
}
NOINLINE Number variable(Number n, Number size) {
  volatile char room[size];
  room[size - 1] = static_cast<char>(n);
  Number a = mix(n, one), b = mix(a, one);
  thrower(n);
  return a + b + room[size - 1];
}

// Arguments on the stack, also of a call that a landing pad follows.
NOINLINE Number many(Number a, Number b, Number c, Number d, Number e, Number f,
                     Number g, Number h, Number i, Number j) {
  Guard guard;
  thrower(a);
  return mix(a, b) + mix(c, d) + mix(e, f) + mix(g, h) + mix(i, j);
}
NOINLINE Number callsMany(Number n) {
  Number a = mix(n, one), b = mix(a, one), sum = 0;
  for (int i = 0; i != 3; ++i) {
    Guard guard;
    try {
      sum += many(i == 1 ? n : 0, a, b, 3, 4, 5, a, b, i, 9);
    } catch (Number thrown) {
      sum = mix(sum, thrown);
    }
  }
  return mix(sum, mix(a, b));
}

// Values that only a large frame has room for.
NOINLINE Number spills(Number n) {
  constexpr int kMany = 320;
  Number values[kMany];
#pragma clang loop unroll(full)
  for (int i = 0; i != kMany; ++i)
    values[i] = one * i + n;
  thrower(n);
  Number sum = 0;
#pragma clang loop unroll(full)
  for (int i = 0; i != kMany; ++i)
    sum = sum * 31 + values[i];
  return sum;
}

// A call in a part of the function alone, and calls that do not come back.
[[noreturn]] NOINLINE void refuse(const char *what) { throw std::string(what); }
NOINLINE Number checked(Number n) {
  if (n == 7)
    refuse("seven");
  if (n == 8)
    refuse("eight");
  return n + 1;
}

// Through a callback of C, a destructor on the way, and thrown again.
NOINLINE Number again(Number n) {
  Guard guard;
  try {
    return variable(n, 100 + n);
  } catch (Number &thrown) {
    thrown += 1000;
    throw;
  }
}

template <typename Call> NOINLINE void show(const char *name, Call call) {
  // The caller's own registers have to come back, too.
  Number a = mix(one, 1), b = mix(one, 2), c = mix(one, 3), d = mix(one, 4),
         e = mix(one, 5);
  Number result = 0;
  try {
    result = call(one * 5);
  } catch (Number thrown) {
    result = thrown;
  } catch (const std::string &text) {
    std::printf("%s: ", text.c_str());
  }
  bool isSame = a == mix(1, 1) && b == mix(1, 2) && c == mix(1, 3) &&
                d == mix(1, 4) && e == mix(1, 5);
  std::printf("%s %llx %s\n", name, static_cast<unsigned long long>(result),
              isSame ? "same" : "others");
}

int main() {
  show("saves 1", Saves<1>::run);
  show("saves 2", Saves<2>::run);
  show("saves 3", Saves<3>::run);
  show("saves 4", Saves<4>::run);
  show("saves 5", Saves<5>::run);
  show("saves 6", Saves<6>::run);
  show("saves 9", Saves<9>::run);
  show("passes 1", Saves<1>::pass);
  show("passes 2", Saves<2>::pass);
  show("passes 3", Saves<3>::pass);
  show("passes 4", Saves<4>::pass);
  show("passes 5", Saves<5>::pass);
  show("passes 6", Saves<6>::pass);
  show("passes 9", Saves<9>::pass);
  show("large 1000", large<1000>);
  show("large 2000", large<2000>);
  show("large 2100", large<2100>);
  show("large 5000", large<5000>);
  show("large 50000", large<50000>);
  show("aligned 32", aligned<32>);
  show("aligned 4096", aligned<4096>);
  show("variable", [](Number n) { return variable(n, 40 * n); });
  show("many", callsMany);
  show("spills", spills);
  show("checked", [](Number n) { return checked(n + 1) + checked(n + 2); });
  show("again", again);
  std::printf("destroyed %d\n", destroyed);
}

// CHECK: saves 1 a26a475ebb41f2a5 same
// CHECK-NOT: others
// CHECK: passes 9 5 same
// CHECK: large 50000 5 same
// CHECK: aligned 4096 5 same
// CHECK: variable 5 same
// CHECK: spills 5 same
// CHECK: seven: checked 0 same
// CHECK: again 3ed same
// CHECK: destroyed 7
// CHECK: status 0
