// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The library OS of the Linux target: the same program through the same
// pipeline, over the host's system calls (libos.cmake generates sys_<name> for
// each), so that pruning can be tested as a process.
#include "libos/abi/module.h"
#include "libos/console/console.h"
#include "libos/linux/process.h"
#include "libos/shutdown/shutdown.h"

using namespace ampoule;

extern "C" [[noreturn]] void ampouleStart(const abi::Handoff &);
extern "C" long __ampoule_syscall(long, long, long, long, long, long, long);
extern "C" void ampoule_linux_restore();

extern "C" [[noreturn]] void ampouleLinuxStart(const std::uint64_t *stack) {
  ampouleStart(process::readStack(stack));
}

void console::write(const char *text, std::size_t size) {
  constexpr long kNumber = 1, kStandardError = 2;
  __ampoule_syscall(kNumber, kStandardError, reinterpret_cast<long>(text),
                    static_cast<long>(size), 0, 0, 0);
}

extern "C" [[noreturn]] void __stack_chk_fail() {
  constexpr char kText[] = "ampoule: panic: stack smashed\n";
  console::write(kText, sizeof(kText) - 1);
  __builtin_trap();
}

void shutdown::end(Kind, int status) {
  constexpr long kExitGroup = 231;
  while (true)
    __ampoule_syscall(kExitGroup, status, 0, 0, 0, 0, 0);
}

/// The host gives stacks; it has guard pages, too.
extern "C" void *ampoule_take_stack(std::size_t *, std::size_t) {
  return nullptr;
}

/// Cancellation is musl's there (cmake/guest/musl/syscall.h).
extern "C" void ampoule_set_cancellable(int) {}

/// x86-64 has no such call; arch_prctl(ARCH_SET_FS) is meant.
extern "C" long sys_set_thread_area(long pointer, long, long, long, long,
                                    long) {
  constexpr long kArchPrctl = 158, kSetFs = 0x1002;
  return __ampoule_syscall(kArchPrctl, kSetFs, pointer, 0, 0, 0, 0);
}

/// musl's own restorer is assembly that traps, so it is not in libc.a.
extern "C" long sys_rt_sigaction(long signal, long action, long old, long size,
                                 long, long) {
  constexpr long kNumber = 13;
  if (!action)
    return __ampoule_syscall(kNumber, signal, 0, old, size, 0, 0);
  struct { // struct k_sigaction
    std::uint64_t handler, flags;
    void (*restorer)();
    std::uint64_t mask;
  } copy;
  __builtin_memcpy(&copy, reinterpret_cast<const void *>(action), sizeof(copy));
  copy.restorer = ampoule_linux_restore;
  return __ampoule_syscall(kNumber, signal, reinterpret_cast<long>(&copy), old,
                           size, 0, 0);
}

AMPOULE_MODULE(linux, nullptr);
