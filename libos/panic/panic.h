// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The end of an image that cannot go on: what, where, registers, stack.
#pragma once

#include <cstdint>

namespace ampoule::panic {

/// What xen-boot/entry/traps.S pushes.
struct TrapFrame {
  std::uint64_t r15, r14, r13, r12, r11, r10, r9, r8;
  std::uint64_t rbp, rdi, rsi, rdx, rcx, rbx, rax;
  std::uint64_t vector, error;
  std::uint64_t rip, cs, rflags, rsp, ss;
};

/// Reports `what` with the caller's stack, and crashes the domain.
[[noreturn]] void panic(const char *what);

/// Says what a program asked for in vain, and who asked: the callers above the
/// frame.
void reportRefusal(const char *call, std::uint64_t argument, const void *frame);

/// Has `handler` called with every exception, before anything else runs that
/// uses vector registers. It returns if the exception is to be reported.
void catchExceptions(void (*handler)(TrapFrame &));

/// Of a page fault: the address that was accessed.
std::uint64_t faultAddress();

/// Whether a stack may be there: one of those that the linker laid out, or the heap.
bool canBeStack(std::uint64_t address);

/// The end by a signal that nobody handles. The status is 128 + `signal`.
[[noreturn]] void killedBySignal(int signal);

} // namespace ampoule::panic
