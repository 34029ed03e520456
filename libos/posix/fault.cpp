// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Processor exceptions as signals. The exception's entry saves the registers on
// the exception stack (PVH) or on the program's own (PV). If the program
// catches the signal, they and the floating-point state go to the stack that
// the handler is to run on; it runs as ordinary code, with events on, and may
// leave by siglongjmp(). When it returns, what it left in the context is
// loaded.
//
//   handler's stack, down:   | program … | state | context | siginfo | handler
//
// An exception within a call of the library OS is none of the program's: it is
// reported, as is one that the program blocks, ignores or does not catch.
#include "libos/events/events.h"
#include "libos/panic/panic.h"
#include "libos/posix/action.h"
#include "libos/xen/cpuid.h"

using namespace ampoule;
using namespace ampoule::posix;
using panic::TrapFrame;

namespace {

/// For 64-byte alignment of what XSAVE writes.
struct alignas(64) Delivery {
  SignalInfo info;
  Context context;
  void (*handler)(int, void *, void *);
};

} // namespace

extern "C" {
/// fault.S: saves the state, then ampouleFault.
void ampoule_fault(TrapFrame &frame);
[[noreturn]] void ampoule_resume(const std::uint64_t *registers,
                                 const void *state);
/// Bytes of the state: 512: FXSAVE, else XSAVE.
constinit std::uint32_t ampoule_fault_state_size = 512;
}

namespace {

enum : std::int32_t { // si_code, asm-generic/siginfo.h
  kNotMapped = 1,     // SEGV_MAPERR
  kNoRights = 2,      // SEGV_ACCERR
  kIllegalOperand = 2,
  kDivision = 1, // FPE_INTDIV
  kMisaligned = 1,
  kTraced = 2,
};
enum : std::int32_t {
  kSigIll = 4,
  kSigTrap = 5,
  kSigBus = 7,
  kSigFpe = 8,
  kSigSegv = 11,
};

struct Cause {
  std::int32_t signal, code;
  std::uint64_t address;
};

/// Flags of x87 and SSE in the order of their bits (Intel SDM volume 1,
/// sections 8.1.3.3 and 10.2.3): invalid, denormal, division, overflow,
/// underflow, precision.
std::int32_t floatingCode(unsigned flags) {
  constexpr std::int32_t kCodes[] = {7, 5, 3, 4, 5, 6}; // FPE_FLTINV, …
  for (unsigned i = 0; i != 6; ++i)
    if (flags & 1u << i)
      return kCodes[i];
  return 0;
}

/// As Linux has it (arch/x86/kernel/traps.c). `state` begins as FXSAVE writes.
Cause causeOf(const TrapFrame &frame, const std::uint8_t *state) {
  auto word = [state](unsigned at) {
    return static_cast<unsigned>(state[at] | state[at + 1] << 8);
  };
  switch (frame.vector) {
  case 0:
    return {kSigFpe, kDivision, frame.rip};
  case 1:
    return {kSigTrap, kTraced, frame.rip};
  case 3:
    return {kSigTrap, kFromKernel, 0};
  case 6:
    return {kSigIll, kIllegalOperand, frame.rip};
  case 11: // a segment that is not present
  case 12:
    return {kSigBus, kFromKernel, 0};
  case 14:
    return {kSigSegv, frame.error & 1 ? kNoRights : kNotMapped,
            panic::faultAddress()};
  case 16: // x87: the control word masks, the status word tells
    return {kSigFpe, floatingCode(word(2) & ~word(0) & 63), frame.rip};
  case 17:
    return {kSigBus, kMisaligned, 0};
  case 19: { // MXCSR: flags, and masks seven bits above
    unsigned control = word(24);
    return {kSigFpe, floatingCode(control & ~(control >> 7) & 63), frame.rip};
  }
  case 4:
  case 5:
  case 13:
    return {kSigSegv, kFromKernel, 0};
  default:
    return {0, 0, 0};
  }
}

void fill(Context &context, const TrapFrame &frame, const Cause &cause) {
  const std::uint64_t registers[] = {
      // REG_R8, …
      frame.r8,     frame.r9,  frame.r10,    frame.r11,         frame.r12,
      frame.r13,    frame.r14, frame.r15,    frame.rdi,         frame.rsi,
      frame.rbp,    frame.rbx, frame.rdx,    frame.rax,         frame.rcx,
      frame.rsp,    frame.rip, frame.rflags, frame.cs & 0xffff, frame.error,
      frame.vector, 0,         cause.address};
  static_assert(sizeof(registers) == sizeof(context.registers));
  __builtin_memcpy(context.registers, registers, sizeof(registers));
}

constinit bool isBusy = false;

} // namespace

void posix::catchFaults() {
  constexpr std::uint32_t kOsxsave = 1 << 27;
  if (xen::cpuid(1).ecx & kOsxsave) // Intel SDM volume 1, section 13.2
    ampoule_fault_state_size = xen::cpuid(0xd).ebx;
  panic::catchExceptions(ampoule_fault);
}

/// From fault.S, with the state saved behind `room`. Where the handler's stack
/// ends, with a Delivery; null: the exception is to be reported.
extern "C" Delivery *ampouleFault(TrapFrame &frame, Delivery &room) {
  Cause cause = causeOf(frame, reinterpret_cast<std::uint8_t *>(&room + 1));
  threads::Thread &thread = threads::self();
  if (isBusy || cause.signal == 0 || threads::load(threads::isInCall) ||
      thread.blockedSignals & bit(cause.signal) || !isCaught(cause.signal))
    return nullptr;
  isBusy = true;
  std::uint64_t mask = thread.blockedSignals;
  Action action = takeAction(thread, cause.signal);
  constexpr std::uint64_t kRedZone = 128;
  std::uint64_t size = sizeof(Delivery) + ampoule_fault_state_size;
  Delivery *target = &room;
  void *other = stackFor(thread, action, frame.rsp);
  if (other || !xen::isPv()) {
    std::uint64_t top =
        other ? reinterpret_cast<std::uint64_t>(other) : frame.rsp - kRedZone;
    std::uint64_t at = (top - size) & ~(alignof(Delivery) - 1);
    // A stack that overflowed is none for a handler, either.
    if (!other && (!panic::canBeStack(at) || !panic::canBeStack(top)))
      return nullptr;
    target = reinterpret_cast<Delivery *>(at);
    // The two ends may overlap: a handler's own fault on its stack.
    __builtin_memmove(target + 1, &room + 1, ampoule_fault_state_size);
  }
  *target = {};
  target->info.signal = cause.signal;
  target->info.code = cause.code;
  __builtin_memcpy(&target->info.from, &cause.address, sizeof(cause.address));
  target->handler = action.handler;
  Context &context = target->context;
  describeStack(thread, frame.rsp, context.stack);
  fill(context, frame, cause);
  context.floating[0] = reinterpret_cast<std::uint64_t>(target + 1);
  context.mask = mask;
  isBusy = false;
  return target;
}

/// From fault.S, on the handler's stack.
extern "C" [[noreturn]] void ampouleRunHandler(Delivery &delivery) {
  if (threads::hasEvents)
    events::enable();
  delivery.handler(delivery.info.signal, &delivery.info, &delivery.context);
  restoreMask(threads::self(), delivery.context.mask);
  ampoule_resume(delivery.context.registers,
                 reinterpret_cast<void *>(delivery.context.floating[0]));
}
