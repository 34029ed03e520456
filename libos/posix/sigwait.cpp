// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Waiting for signals: until one was handled, or to take one oneself, also
// through a descriptor (signalfd(2)).
#include "libos/memory/objects.h"
#include "libos/posix/action.h"
#include "libos/posix/poll.h"
#include "libos/time/time.h"

using namespace ampoule;
using namespace ampoule::posix;
using threads::Thread;

namespace {

long waitForHandler() {
  threads::Queue nobody;
  while (threads::wait(nobody) != threads::Outcome::Interrupted)
    ;
  return -kInterrupted;
}

/// The signal, or a negative errno.
long accept(std::uint64_t set, SignalInfo &info, std::uint64_t deadline) {
  while (true) {
    if (long signal = takePending(threads::self(), set, info))
      return signal;
    switch (threads::wait(acceptors, deadline)) {
    case threads::Outcome::Woken:
      break;
    case threads::Outcome::TimedOut:
      return -kTryAgain;
    case threads::Outcome::Interrupted:
      return -kInterrupted;
    }
  }
}

struct Read { // struct signalfd_siginfo
  std::uint32_t signal;
  std::int32_t error, code;
  std::uint32_t from, user;
  std::int32_t fd;
  std::uint32_t timer, band, overrun, trap;
  std::int32_t status, value;
  std::uint64_t pointer, userTime, systemTime, address;
  std::uint8_t rest[48];
};
static_assert(sizeof(Read) == 128);

class SignalFile final : public File {
public:
  SignalFile(std::uint64_t set, std::uint32_t flags)
      : File(0600, 0, false, kReadWriteAccess | flags), set(set), next(newest) {
    kind = Kind::Signals;
    newest = this;
    onPost([] {
      for (SignalFile *at = newest; at; at = at->next)
        notify(*at);
    });
  }

  long read(char *buffer, std::size_t size) override {
    if (size < sizeof(Read))
      return -kInvalid;
    std::size_t done = 0;
    for (; size - done >= sizeof(Read); done += sizeof(Read)) {
      SignalInfo info;
      long signal = done || isNonBlocking()
                        ? takePending(threads::self(), set, info)
                        : accept(set, info, threads::kForever);
      if (signal < 0)
        return signal;
      if (signal == 0)
        break;
      Read result = {};
      result.signal = static_cast<std::uint32_t>(signal);
      result.error = info.error;
      result.code = info.code;
      if (info.code == kFromTimer) {
        result.timer = static_cast<std::uint32_t>(info.from);
        result.overrun = static_cast<std::uint32_t>(info.user);
      } else {
        result.from = static_cast<std::uint32_t>(info.from);
        result.user = static_cast<std::uint32_t>(info.user);
      }
      result.value = static_cast<std::int32_t>(info.value);
      result.pointer = info.value;
      __builtin_memcpy(buffer + done, &result, sizeof(result));
    }
    return done ? static_cast<long>(done) : -kTryAgain;
  }
  long write(const char *, std::size_t) override { return -kInvalid; }
  std::uint32_t readiness() override {
    std::uint64_t pending =
        threads::pendingSignals | threads::self().pendingSignals;
    return pending & set ? kReadable : 0u;
  }
  void release() override {
    SignalFile **link = &newest;
    while (*link != this)
      link = &(*link)->next;
    *link = next;
    memory::destroy(this);
  }

  std::uint64_t set;

private:
  SignalFile *next;
  static constinit SignalFile *newest;
};
constinit SignalFile *SignalFile::newest = nullptr;

long signalFile(long fd, std::uint64_t set, std::uint32_t flags) {
  if (flags & ~(kNonBlocking | kCloseOnExec))
    return -kInvalid;
  set &= ~kUnblockable;
  if (fd == -1) {
    auto *file = memory::make<SignalFile>(set, flags & kNonBlocking);
    return file ? install(*file, flags) : -kOutOfMemory;
  }
  File *file = fileOf(fd);
  if (!file || file->kind != File::Kind::Signals)
    return file ? -kInvalid : -kBadDescriptor;
  static_cast<SignalFile *>(file)->set = set;
  notify(*file);
  return fd;
}

} // namespace

AMPOULE_SYSCALL(rt_sigsuspend, const std::uint64_t *mask) {
  TemporaryMask temporary(mask);
  return waitForHandler();
}

AMPOULE_SYSCALL(pause) { return waitForHandler(); }

AMPOULE_SYSCALL(rt_sigtimedwait, const std::uint64_t *set, SignalInfo *info,
                const TimeSpec *timeout) {
  if (timeout && !isValid(*timeout))
    return -kInvalid;
  SignalInfo taken;
  long signal = accept(*set, taken,
                       timeout ? later(time::monotonic(), nanoseconds(*timeout))
                               : threads::kForever);
  if (signal > 0 && info)
    *info = taken;
  return signal;
}

AMPOULE_SYSCALL(signalfd, long fd, const std::uint64_t *set) {
  return signalFile(fd, *set, 0);
}
AMPOULE_SYSCALL(signalfd4, long fd, const std::uint64_t *set, std::size_t,
                std::uint32_t flags) {
  return signalFile(fd, *set, flags);
}
