// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The report, which `ampoule symbolize` and `ampoule run` read:
//
//   ampoule: panic: page fault: store to 0x0
//     build 2609e25d38edddadad8f8ec6f0cef03b58111e5e
//     rip 0x0000000000102345 rsp 0x…
//     …
//     at 0x0000000000102345
//     by 0x0000000000101b22
//     end
//
// There are no frame pointers: each word of the stack that points behind a call
// in the text is taken as a return address, at most kMaxFrames of them. Stale
// words can show up; every true caller does, too.
#include "libos/panic/panic.h"

#include "libos/abi/module.h"
#include "libos/console/line.h"
#include "libos/shutdown/shutdown.h"
#include "libos/threads/stacks.h"
#include "libos/xen/xen.h"

#include <cstddef>

extern "C" const char __ampoule_image_end[], __ampoule_text_start[],
    __ampoule_text_end[], __ampoule_stack_bottom[], __ampoule_stack_top[],
    __ampoule_thread_stacks[], __ampoule_thread_stack_count[],
    __ampoule_build_id[];
/// The linker's answer.
extern "C" int __ampoule_live_pthread_create();

namespace ampoule::panic {
namespace {

using console::Line;

constexpr unsigned kMaxFrames = 32, kBuildIdSize = 20;
constexpr std::uint64_t kPageFault = 14;

constinit bool panicking = false;
constinit void (*exceptionHandler)(TrapFrame &) = nullptr;

// One text after the other: a table of pointers would be as long again.
constexpr char kNames[] =
    "divide error\0debug exception\0non-maskable interrupt\0breakpoint\0"
    "overflow\0bound range exceeded\0invalid instruction\0"
    "device not available\0double fault\0coprocessor overrun\0"
    "invalid task state\0segment not present\0stack fault\0"
    "general protection fault\0page fault\0reserved exception\0"
    "floating-point exception\0alignment check\0machine check\0"
    "SIMD floating-point exception\0virtualisation exception\0"
    "control protection exception";
constexpr unsigned kReserved = 15, kLastName = 21;

const char *nameOf(std::uint64_t vector) {
  const char *name = kNames;
  for (std::uint64_t i = vector > kLastName ? kReserved : vector; i != 0; --i)
    while (*name++ != 0)
      ;
  return name;
}

struct Register {
  char name[8];
  std::uint8_t place; ///< in eight bytes from the frame's begin
};

// clang-format off: a row is a line of the report
#define AMPOULE_REGISTER(name, field)                                          \
  { name, offsetof(TrapFrame, field) / 8 }
constexpr Register kRegisters[] = {
    AMPOULE_REGISTER("rip ", rip),       AMPOULE_REGISTER(" rsp ", rsp),
    AMPOULE_REGISTER(" flags ", rflags), AMPOULE_REGISTER("rax ", rax),
    AMPOULE_REGISTER(" rbx ", rbx),      AMPOULE_REGISTER(" rcx   ", rcx),
    AMPOULE_REGISTER("rdx ", rdx),       AMPOULE_REGISTER(" rsi ", rsi),
    AMPOULE_REGISTER(" rdi   ", rdi),    AMPOULE_REGISTER("rbp ", rbp),
    AMPOULE_REGISTER(" r8  ", r8),       AMPOULE_REGISTER(" r9    ", r9),
    AMPOULE_REGISTER("r10 ", r10),       AMPOULE_REGISTER(" r11 ", r11),
    AMPOULE_REGISTER(" r12   ", r12),    AMPOULE_REGISTER("r13 ", r13),
    AMPOULE_REGISTER(" r14 ", r14),      AMPOULE_REGISTER(" r15   ", r15)};
#undef AMPOULE_REGISTER
// clang-format on
constexpr unsigned kRegistersInLine = 3;
constexpr unsigned kRegisterCount = sizeof(kRegisters) / sizeof(*kRegisters);

std::uint64_t number(const char *symbol) {
  return reinterpret_cast<std::uint64_t>(symbol);
}

bool isText(std::uint64_t address) {
  return address > number(__ampoule_text_start) &&
         address < number(__ampoule_text_end);
}

/// Whether a call ends right before `address`: call rel32, or call r/m64 in one
/// of its lengths (Intel SDM volume 2A, CALL).
bool isReturnAddress(std::uint64_t address) {
  if (!isText(address) || !isText(address - 8))
    return false;
  const auto *end = reinterpret_cast<const std::uint8_t *>(address);
  if (end[-5] == 0xe8)
    return true;
  constexpr int kLengths[] = {2, 3, 4, 6, 7};
  for (int length : kLengths)
    if (end[-length] == 0xff && (end[1 - length] >> 3 & 7) == 2)
      return true;
  return false;
}

struct Range {
  std::uint64_t start, end;
  bool contains(std::uint64_t address) const {
    return address >= start && address < end;
  }
};

/// The stack with its guard page that `address` lies in; empty: none. Stacks in
/// the heap are not known.
Range findStack(std::uint64_t address) {
  Range stack = {number(__ampoule_stack_bottom) - abi::kPageSize,
                 number(__ampoule_stack_top)};
  if (!stack.contains(address) && __ampoule_live_pthread_create()) {
    std::uint64_t stride = threads::stackSize() + abi::kPageSize;
    std::uint64_t first = number(__ampoule_thread_stacks) - abi::kPageSize;
    std::uint64_t offset = address - first;
    stack = {address - offset % stride, address - offset % stride + stride};
    if (offset / stride >= number(__ampoule_thread_stack_count))
      return {1ull << 63, 1ull << 63}; // no address
  }
  return stack;
}

/// Whether `address` lies in the page below the stack.
bool isGuard(const Range &stack, std::uint64_t address) {
  return address - stack.start < abi::kPageSize;
}

void printStack(std::uint64_t sp, unsigned most) {
  Range stack = findStack(sp);
  if (!stack.contains(sp))
    return;
  std::uint64_t top = stack.end;
  if (sp < stack.start + abi::kPageSize)
    sp = stack.start + abi::kPageSize; // behind the guard
  unsigned frames = 0;
  for (sp &= ~7ull; sp < top && frames < most; sp += 8) {
    std::uint64_t word = *reinterpret_cast<const std::uint64_t *>(sp);
    if (!isReturnAddress(word))
      continue;
    (Line() << "  by ").address(word);
    ++frames;
  }
}

void printRegisters(const TrapFrame &frame) {
  const auto *words = reinterpret_cast<const std::uint64_t *>(&frame);
  for (const Register *row = kRegisters; row != kRegisters + kRegisterCount;
       row += kRegistersInLine) {
    Line line;
    line << "  ";
    for (unsigned i = 0; i != kRegistersInLine; ++i)
      (line << row[i].name).address(words[row[i].place]);
  }
  if (isText(frame.rip))
    (Line() << "  at ").address(frame.rip);
}

void begin(const char *what, const char *detail, bool hasAddress,
           std::uint64_t address) {
  xen::maskUpcalls();
  if (panicking)
    shutdown::halt();
  panicking = true;
  if (!console::says(LogLevel::Error))
    return;
  {
    Line line;
    line << "ampoule: panic: " << what << detail;
    if (hasAddress)
      line.address(address);
  }
  Line line;
  line << "  build ";
  for (unsigned i = 0; i < kBuildIdSize; ++i)
    line.hex(static_cast<std::uint8_t>(__ampoule_build_id[i]), 2);
}

[[noreturn]] void finish(std::uint64_t sp, int status) {
  if (console::says(LogLevel::Error)) {
    printStack(sp, kMaxFrames);
    Line() << "  end";
  }
  shutdown::end(shutdown::Kind::Crash, status);
}

std::uint64_t stackPointer() {
  std::uint64_t sp;
  asm volatile("mov %%rsp, %0" : "=r"(sp));
  return sp;
}

/// Intel SDM volume 3A, section 4.7: bit 1 write, bit 4 instruction fetch.
const char *describeAccess(std::uint64_t error) {
  return error & 16  ? ": execution of "
         : error & 2 ? ": store to "
                     : ": load from ";
}

} // namespace

std::uint64_t faultAddress() {
  if (xen::isPv()) {
    // Xen leaves it in arch.cr2 of the vcpu_info.
    return xen::sharedInfo().vcpu_info[0].arch.cr2;
  }
  std::uint64_t address;
  asm volatile("mov %%cr2, %0" : "=r"(address));
  return address;
}

bool canBeStack(std::uint64_t address) {
  Range stack = findStack(address);
  return stack.contains(address) ? !isGuard(stack, address)
                                 : address >= number(__ampoule_image_end);
}

void catchExceptions(void (*handler)(TrapFrame &)) {
  exceptionHandler = handler;
}

void panic(const char *what) {
  begin(what, "", false, 0);
  finish(stackPointer(), shutdown::kPanicStatus);
}

extern "C" [[noreturn]] void __stack_chk_fail() {
  panic("stack smashed");
}

void reportRefusal(const char *call, std::uint64_t argument,
                   const void *frame) {
  constexpr unsigned kCallers = 12;
  if (!console::says(LogLevel::Warning))
    return;
  (Line() << "ampoule: refused: " << call << ", argument 0x")
      .hex(argument, argument >> 32 ? 16 : 8);
  printStack(reinterpret_cast<std::uint64_t>(frame), kCallers);
}

void killedBySignal(int signal) {
  char what[] = "killed by signal   ";
  char *digits = what + sizeof(what) - 3;
  if (signal >= 10)
    *digits++ = static_cast<char>('0' + signal / 10);
  *digits++ = static_cast<char>('0' + signal % 10);
  *digits = 0;
  constexpr int kAbort = 6;
  begin(what, signal == kAbort ? " (abort)" : "", false, 0);
  finish(stackPointer(), 128 + signal);
}

extern "C" [[noreturn]] void ampouleTrap(TrapFrame &frame) {
  if (exceptionHandler && !panicking)
    exceptionHandler(frame);
  const char *name = nameOf(frame.vector);
  if (frame.vector == kPageFault) {
    std::uint64_t address = faultAddress();
    begin(isGuard(findStack(address), address) ? "stack overflow" : name,
          describeAccess(frame.error), true, address);
  } else {
    begin(name, frame.error ? ", error " : "", frame.error != 0, frame.error);
  }
  if (console::says(LogLevel::Error))
    printRegisters(frame);
  finish(frame.rsp, shutdown::kPanicStatus);
}

} // namespace ampoule::panic

AMPOULE_MODULE(panic, nullptr, console, shutdown);
