// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Counters with a descriptor: eventfd(2) and timerfd_create(2).
#include "libos/memory/objects.h"
#include "libos/posix/clock.h"
#include "libos/posix/poll.h"
#include "libos/posix/signal.h"
#include "libos/time/time.h"

using namespace ampoule;
using namespace ampoule::posix;

namespace {

class Event final : public File {
public:
  Event(std::uint64_t count, bool isSemaphore, std::uint32_t flags)
      : File(0600, 0, false, kReadWriteAccess | flags), count(count),
        isSemaphore(isSemaphore) {}

  long read(char *buffer, std::size_t size) override {
    if (size < sizeof(count))
      return -kInvalid;
    if (count == 0 && isNonBlocking())
      return -kTryAgain;
    if (long error = waitFor(changed, [&] { return count != 0; }))
      return error;
    std::uint64_t taken = isSemaphore ? 1 : count;
    count -= taken;
    __builtin_memcpy(buffer, &taken, sizeof(taken));
    tell();
    return sizeof(taken);
  }

  long write(const char *buffer, std::size_t size) override {
    constexpr std::uint64_t kMost = ~0ull - 1;
    std::uint64_t added;
    if (size < sizeof(added))
      return -kInvalid;
    __builtin_memcpy(&added, buffer, sizeof(added));
    if (added > kMost)
      return -kInvalid;
    auto fits = [&] { return added <= kMost - count; };
    if (!fits() && isNonBlocking())
      return -kTryAgain;
    if (long error = waitFor(changed, fits))
      return error;
    count += added;
    tell();
    return sizeof(added);
  }

  std::uint32_t readiness() override {
    return (count ? kReadable : 0u) | (count < ~0ull - 1 ? kWritable : 0u);
  }
  void release() override { memory::destroy(this); }

private:
  void tell() {
    threads::wakeAll(changed);
    notify(*this);
  }

  std::uint64_t count;
  bool isSemaphore;
  threads::Queue changed;
};

struct Interval { // struct itimerspec
  TimeSpec period, value;
};

class TimerFile final : public File {
public:
  TimerFile(bool isReal, std::uint32_t flags)
      : File(0600, 0, false, kReadWriteAccess | flags), isReal(isReal) {
    kind = Kind::Timer;
    timer.owner = this;
    timer.expire = [](threads::Timer &timer) {
      static_cast<TimerFile *>(timer.owner)->onExpiry();
    };
  }

  long read(char *buffer, std::size_t size) override {
    if (size < sizeof(count))
      return -kInvalid;
    if (count == 0 && isNonBlocking())
      return -kTryAgain;
    if (long error = waitFor(changed, [&] { return count != 0; }))
      return error;
    __builtin_memcpy(buffer, &count, sizeof(count));
    count = 0;
    return sizeof(count);
  }
  long write(const char *, std::size_t) override { return -kInvalid; }
  std::uint32_t readiness() override { return count ? kReadable : 0u; }
  void release() override {
    threads::cancel(timer);
    memory::destroy(this);
  }

  void get(Interval &result) const {
    std::uint64_t now = time::monotonic();
    result.period = toTimeSpec(period);
    result.value = toTimeSpec(
        timer.isSet && timer.deadline > now ? timer.deadline - now : 0);
  }

  void set(const Interval &interval, bool isAbsolute) {
    threads::cancel(timer);
    count = 0;
    period = nanoseconds(interval.period);
    std::uint64_t value = nanoseconds(interval.value);
    if (value == 0)
      return;
    std::uint64_t now = time::monotonic();
    if (isAbsolute) {
      std::uint64_t clock = isReal ? time::real() : now;
      value = value > clock ? value - clock : 0;
    }
    threads::set(timer, later(now, value));
  }

private:
  void onExpiry() {
    ++count;
    if (period) {
      // What was missed counts, too.
      std::uint64_t now = time::monotonic();
      std::uint64_t next = timer.deadline + period;
      if (next <= now) {
        std::uint64_t missed = (now - next) / period + 1;
        count += missed;
        next += missed * period;
      }
      threads::set(timer, next);
    }
    threads::wakeAll(changed);
    notify(*this);
  }

  threads::Timer timer;
  std::uint64_t period = 0, count = 0;
  bool isReal;
  threads::Queue changed;
};

TimerFile *timerOf(long fd, long &error) {
  File *file = fileOf(fd);
  if (file && file->kind == File::Kind::Timer)
    return static_cast<TimerFile *>(file);
  error = file ? -kInvalid : -kBadDescriptor;
  return nullptr;
}

long makeEvent(std::uint32_t count, std::uint32_t flags) {
  constexpr std::uint32_t kSemaphore = 1; // EFD_SEMAPHORE
  if (flags & ~(kSemaphore | kNonBlocking | kCloseOnExec))
    return -kInvalid;
  auto *file =
      memory::make<Event>(count, flags & kSemaphore, flags & kNonBlocking);
  return file ? install(*file, flags) : -kOutOfMemory;
}

} // namespace

AMPOULE_SYSCALL(eventfd, std::uint32_t count) { return makeEvent(count, 0); }
AMPOULE_SYSCALL(eventfd2, std::uint32_t count, std::uint32_t flags) {
  return makeEvent(count, flags);
}

AMPOULE_SUPPORTS(timerfd_create, 0, "clock", 0, 1, 7);
AMPOULE_SYSCALL(timerfd_create, long clock, std::uint32_t flags) {
  constexpr long kRealtime = 0, kMonotonic = 1, kBoottime = 7;
  if ((clock != kRealtime && clock != kMonotonic && clock != kBoottime) ||
      flags & ~(kNonBlocking | kCloseOnExec))
    return -kInvalid;
  auto *file =
      memory::make<TimerFile>(clock == kRealtime, flags & kNonBlocking);
  return file ? install(*file, flags) : -kOutOfMemory;
}

AMPOULE_SYSCALL(timerfd_settime, long fd, long flags, const Interval *next,
                Interval *old) {
  constexpr long kAbsolute = 1; // TFD_TIMER_ABSTIME
  long error;
  TimerFile *file = timerOf(fd, error);
  if (!file)
    return error;
  if (!isValid(next->period) || !isValid(next->value))
    return -kInvalid;
  Interval wanted = *next; // `old` may be the same
  if (old)
    file->get(*old);
  file->set(wanted, flags & kAbsolute);
  return 0;
}

AMPOULE_SYSCALL(timerfd_gettime, long fd, Interval *result) {
  long error;
  TimerFile *file = timerOf(fd, error);
  if (!file)
    return error;
  file->get(*result);
  return 0;
}
