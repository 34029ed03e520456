// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// poll(), select() and their relatives.
#include "libos/posix/poll.h"

#include "libos/posix/signal.h"
#include "libos/time/time.h"

using namespace ampoule;
using namespace ampoule::posix;

constinit threads::Queue posix::pollers = {};

std::uint64_t posix::deadlineAfter(long milliseconds) {
  constexpr std::uint64_t kMillisecond = 1'000'000;
  if (milliseconds < 0)
    return threads::kForever;
  return milliseconds == 0
             ? 0
             : later(time::monotonic(),
                     static_cast<std::uint64_t>(milliseconds) * kMillisecond);
}

namespace {

struct Polled { // struct pollfd
  std::int32_t fd;
  std::uint16_t wanted, found;
};

constexpr std::uint32_t kNotOpen = 32; // POLLNVAL
/// POLLRDNORM and POLLWRNORM say the same as POLLIN and POLLOUT.
constexpr std::uint32_t kReadNormal = 0x40, kWriteNormal = 0x100;

long pollFor(Polled *files, std::uint64_t count, std::uint64_t deadline) {
  if (count > kMaxDescriptors)
    return -kInvalid;
  return waitForAny(deadline, [&] {
    long ready = 0;
    for (std::uint64_t i = 0; i != count; ++i) {
      Polled &polled = files[i];
      File *file = fileOf(polled.fd);
      std::uint32_t found = file ? file->readiness() : kNotOpen;
      if (found & kReadable)
        found |= kReadNormal;
      if (found & kWritable)
        found |= kWriteNormal;
      found &= polled.wanted | kErrorCondition | kHangUp | kNotOpen;
      polled.found = static_cast<std::uint16_t>(polled.fd < 0 ? 0 : found);
      ready += polled.found != 0;
    }
    return ready;
  });
}

/// Sets of descriptors; null: empty.
struct Sets {
  std::uint64_t *read, *write, *except;
};
constexpr long kWordBits = 64;

bool isIn(const std::uint64_t *set, long fd) {
  return set && set[fd / kWordBits] >> fd % kWordBits & 1;
}

long selectFrom(long count, const Sets &sets, std::uint64_t deadline) {
  if (count < 0)
    return -kInvalid;
  if (count > kMaxDescriptors)
    count = kMaxDescriptors;
  std::uint64_t found[3][kMaxDescriptors / kWordBits] = {};
  std::uint64_t *const wanted[3] = {sets.read, sets.write, sets.except};
  // What select() takes for readable, writable and exceptional.
  constexpr std::uint32_t kMeans[3] = {kReadable | kHangUp | kErrorCondition,
                                       kWritable | kErrorCondition, 0};
  long result = waitForAny(deadline, [&]() -> long {
    long ready = 0;
    for (long fd = 0; fd != count; ++fd) {
      if (!isIn(sets.read, fd) && !isIn(sets.write, fd) &&
          !isIn(sets.except, fd))
        continue;
      File *file = fileOf(fd);
      if (!file)
        return -kBadDescriptor;
      std::uint32_t readiness = file->readiness();
      for (unsigned i = 0; i != 3; ++i)
        if (isIn(wanted[i], fd) && readiness & kMeans[i]) {
          found[i][fd / kWordBits] |= 1ull << fd % kWordBits;
          ++ready;
        }
    }
    return ready;
  });
  if (result < 0)
    return result;
  for (unsigned i = 0; i != 3; ++i)
    if (wanted[i])
      __builtin_memcpy(
          wanted[i], found[i],
          static_cast<std::size_t>((count + kWordBits - 1) / kWordBits) *
              sizeof(std::uint64_t));
  return result;
}

} // namespace

AMPOULE_SYSCALL(poll, Polled *files, std::uint64_t count,
                std::int32_t timeout) {
  return pollFor(files, count, deadlineAfter(timeout));
}

AMPOULE_SYSCALL(ppoll, Polled *files, std::uint64_t count,
                const TimeSpec *timeout, const std::uint64_t *mask) {
  if (timeout && !isValid(*timeout))
    return -kInvalid;
  TemporaryMask temporary(mask);
  return pollFor(files, count,
                 timeout ? later(time::monotonic(), nanoseconds(*timeout))
                         : threads::kForever);
}

AMPOULE_SYSCALL(select, long count, std::uint64_t *read, std::uint64_t *write,
                std::uint64_t *except, const std::int64_t *timeout) {
  // struct timeval
  constexpr std::int64_t kMicrosecond = 1000;
  TimeSpec time = {};
  if (timeout)
    time = {timeout[0], timeout[1] * kMicrosecond};
  if (!isValid(time))
    return -kInvalid;
  return selectFrom(count, {read, write, except},
                    timeout ? later(time::monotonic(), nanoseconds(time))
                            : threads::kForever);
}

AMPOULE_SYSCALL(pselect6, long count, std::uint64_t *read, std::uint64_t *write,
                std::uint64_t *except, const TimeSpec *timeout,
                const std::uint64_t *const *mask) {
  if (timeout && !isValid(*timeout))
    return -kInvalid;
  TemporaryMask temporary(mask ? *mask : nullptr);
  return selectFrom(count, {read, write, except},
                    timeout ? later(time::monotonic(), nanoseconds(*timeout))
                            : threads::kForever);
}
