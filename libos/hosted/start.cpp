// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What boot code does for an image: memory, pages that are not mapped, and a look
// at what the machine has.
#include "libos/abi/module.h"
#include "libos/console/line.h"
#include "libos/hosted/host.h"
#include "libos/linux/process.h"
#include "libos/shutdown/shutdown.h"
#include "libos/start/start.h"
#include "libos/threads/stacks.h"
#include "xen-boot/abi/handoff.h"
#include "xen-boot/abi/layout.h"

using namespace ampoule;

extern "C" [[noreturn]] void ampouleStart(const abi::Handoff &);
extern "C" int __ampoule_live_pthread_create();

/// By the link script; the last two are numbers.
extern "C" char __ampoule_stack_bottom[], __ampoule_thread_stacks[],
    __ampoule_thread_stack_count[], __ampoule_memory_max[];

namespace ampoule::hosted {

void refuse(const char *what, const char *name) {
  console::Line() << "ampoule: error: main is not run: " << what << name;
  shutdown::end(shutdown::Kind::Exit, start::kUnavailableStatus);
}

namespace {

/// Each is the lowest page of what `stack` is the first byte of.
void guard(char *stack) {
  call(kMprotect, stack - abi::kPageSize, long{abi::kPageSize}, 0);
}

void guardStacks() {
  guard(__ampoule_stack_bottom);
  if (!__ampoule_live_pthread_create())
    return;
  auto count = reinterpret_cast<std::size_t>(__ampoule_thread_stack_count);
  for (std::size_t i = 0; i != count; ++i)
    guard(__ampoule_thread_stacks +
          i * (threads::stackSize() + abi::kPageSize));
}

/// Linux gives pages when they are touched.
void takeMemory(abi::Handoff &handoff) {
  constexpr long kReadWrite = 3, kFlags = 0x4022; // private, anonymous, no reserve
  auto size = reinterpret_cast<long>(__ampoule_memory_max);
  long start = call(kMmap, 0, size, kReadWrite, kFlags, -1, 0);
  if (start < 0)
    refuse("there is no memory");
  handoff.memory[0] = {static_cast<std::uint64_t>(start),
                       static_cast<std::uint64_t>(start + size)};
  handoff.memoryRanges = 1;
  handoff.memoryEnd = handoff.memory[0].end;
}

} // namespace
} // namespace ampoule::hosted

extern "C" [[noreturn]] void ampouleHostedStart(const std::uint64_t *stack) {
  // Threads are the library OS's, and so are their FS bases: WRFSBASE.
  constexpr std::uint64_t kCapabilities = 26, kFsgsbase = 2; // AT_HWCAP2
  abi::Handoff handoff = process::readStack(stack);
  handoff.mode = abi::Mode::Direct;
  if (!(process::auxiliary(stack, kCapabilities) & kFsgsbase))
    hosted::refuse("it needs FSGSBASE, and Linux 5.9");
  hosted::takeMemory(handoff);
  hosted::guardStacks();
  ampouleStart(handoff);
}

AMPOULE_MODULE(hosted, nullptr);
