// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Two signals are the interrupts: SIGALRM of a timer, SIGIO of files. They come
// upon the running thread's stack, and threads change within their handler as
// they do within an upcall; the kernel keeps the registers there.
#include "libos/events/events.h"

#include "libos/abi/module.h"
#include "libos/hosted/host.h"
#include "libos/threads/call.h"
#include "libos/xen/xen.h"

extern "C" void ampoule_hosted_restore();

namespace ampoule {
namespace {

constexpr int kAlarm = 14, kIo = 29; // SIGALRM, SIGIO
constexpr std::uint64_t kBoth = 1ull << (kAlarm - 1) | 1ull << (kIo - 1);
constexpr long kSetSize = sizeof(kBoth);

constinit events::Handler onAlarm = nullptr, onIo = nullptr;
constinit int timer = 0;

void change(long how) {
  hosted::call(hosted::kSigprocmask, how, &kBoth, nullptr, kSetSize);
}

void onSignal(int signal) {
  if (events::Handler handler = signal == kAlarm ? onAlarm : onIo)
    handler();
  events::runLate();
}

void init(const abi::Handoff &) {
  const struct { // struct k_sigaction
    void (*handler)(int) = onSignal;
    std::uint64_t flags = 0x14000000; // SA_RESTART, SA_RESTORER
    void (*restorer)() = ampoule_hosted_restore;
    std::uint64_t mask = kBoth;
  } action;
  constexpr int kSignals[] = {kAlarm, kIo};
  for (int signal : kSignals)
    hosted::call(hosted::kSigaction, signal, &action, nullptr, kSetSize);
  events::enable();
}

} // namespace

void hosted::bind(long descriptor, void (*handler)()) {
  constexpr long kSetFlags = 4, kSetOwner = 8;     // F_SETFL, F_SETOWN
  constexpr long kNonblock = 04000, kAsync = 020000; // O_NONBLOCK, O_ASYNC
  onIo = handler;
  threads::hasEvents = true;
  call(kFcntl, descriptor, kSetOwner, call(kGetpid));
  if (call(kFcntl, descriptor, kSetFlags, kNonblock | kAsync) < 0)
    refuse("a file does not tell of input");
}

void hosted::setTimer(std::uint64_t deadline) {
  const Moment times[] = {Moment(), Moment(deadline)}; // struct itimerspec
  call(kTimerSettime, timer, kAbsolute, times, nullptr);
}

namespace events {

/// There is the timer's; `number` is VIRQ_TIMER.
bool bindVirtualInterrupt(unsigned number, Handler handler) {
  const struct { // struct sigevent
    std::uint64_t value = 0;
    int signal = kAlarm, notify = 0; // SIGEV_SIGNAL
    std::uint64_t rest[6] = {};
  } event;
  if (number != VIRQ_TIMER ||
      hosted::call(hosted::kTimerCreate, hosted::kMonotonic, &event, &timer))
    return false;
  onAlarm = handler;
  threads::hasEvents = true;
  return true;
}

bool bind(std::uint32_t, Handler) { return false; }
std::uint32_t ampoule_offer_events(std::uint16_t, Handler) { return 0; }
void close(std::uint32_t) {}

void enable() { change(/*SIG_UNBLOCK*/ 1); }
void disable() { change(/*SIG_BLOCK*/ 0); }

void block() {
  constexpr std::uint64_t kNone = 0;
  hosted::call(hosted::kSigsuspend, &kNone, kSetSize);
}

} // namespace events
} // namespace ampoule

AMPOULE_MODULE(events, &ampoule::init);
