// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// THROWS exceptions, each through nine frames with a destructor. With WALKS the program
// could ask about its stack, so it has DWARF's frames.
#include <cstdio>
#include <unwind.h>

static volatile unsigned destroyed;
struct Guard {
  ~Guard() { destroyed = destroyed + 1; }
};
[[gnu::noinline]] static void fail(int number) {
  if (number != 0)
    throw number;
}
template <int depth> [[gnu::noinline]] static void pass(int number) {
  Guard guard;
  if constexpr (depth == 0)
    fail(number);
  else
    pass<depth - 1>(number);
}

#ifdef WALKS
static _Unwind_Reason_Code look(_Unwind_Context *, void *) {
  return _URC_NO_REASON;
}
#endif

int main(int argc, char **) {
#ifdef WALKS
  if (argc > 5)
    _Unwind_Backtrace(look, nullptr);
#endif
  for (int i = 0; i != THROWS; ++i)
    try {
      pass<8>(argc);
    } catch (int) {
    }
  std::printf("%u\n", destroyed);
}
