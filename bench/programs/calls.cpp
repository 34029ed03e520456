// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Nothing but calls: 100,000 virtual ones, and as many through a pointer.
#include <cstdio>
struct Number {
  virtual void add(unsigned n) { sum += n; }
  volatile unsigned sum = 0;
};
struct Twice final : Number {
  void add(unsigned n) override { sum += 2 * n; }
};
static unsigned next(unsigned n) { return n + 1; }
static unsigned last(unsigned n) { return n - 1; }
int main(int argc, char **) {
  Number number;
  Twice twice;
  Number *volatile chosen = argc > 5 ? &number : &twice;
  unsigned (*volatile step)(unsigned) = argc > 5 ? last : next;
  for (unsigned i = 0; i != 100'000;) {
    chosen->add(i);
    i = step(i);
  }
  std::printf("%u\n", chosen->sum);
}
