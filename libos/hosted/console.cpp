// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Standard output takes what a domain's console takes. The input is at its end.
#include "libos/console/console.h"

#include "libos/abi/module.h"
#include "libos/hosted/host.h"

namespace ampoule::console {

void write(const char *text, std::size_t size) {
  constexpr long kStandardOutput = 1, kInterrupted = -4;
  while (size) {
    long done = hosted::call(hosted::kWrite, kStandardOutput, text,
                             static_cast<long>(size));
    if (done == kInterrupted)
      continue;
    if (done <= 0)
      return;
    text += done;
    size -= static_cast<std::size_t>(done);
  }
}

int take() { return kNoMoreInput; }
void waitForInput(std::uint64_t) {}
bool listen(void (*)()) { return false; }
void setBinder(bool (*)(std::uint32_t, void (*)())) {}
void drain() {}

} // namespace ampoule::console

AMPOULE_MODULE(console, nullptr);
