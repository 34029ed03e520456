// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What there is of everything: limits, memory, the processor. Limits are those
// of the library OS, and cannot be changed.
#include "libos/abi/config.h"
#include "libos/memory/memory.h"
#include "libos/posix/file.h"
#include "libos/threads/threads.h"
#include "libos/time/time.h"
#include "xen-boot/abi/layout.h"

using namespace ampoule;
using namespace ampoule::posix;

extern "C" const char __ampoule_stack_bottom[], __ampoule_stack_top[];

namespace {

constexpr std::uint64_t kNone = ~0ull; // RLIM_INFINITY

struct Limit { // struct rlimit
  std::uint64_t soft, hard;
};

/// False: there is no such resource.
bool limitOf(long resource, std::uint64_t &limit) {
  enum : long { // RLIMIT_STACK, …
    kStack = 3,
    kCore = 4,
    kFiles = 7,
    kLocked = 8,
    kPendingSignals = 11,
    kQueues = 12,
    kNice = 13,
    kRealtime = 14,
    kLast = 15,
  };
  switch (resource) {
  case kStack:
    limit = static_cast<std::uint64_t>(__ampoule_stack_top -
                                       __ampoule_stack_bottom);
    return true;
  case kCore:
  case kQueues:
  case kNice:
  case kRealtime:
    limit = 0;
    return true;
  case kFiles:
    limit = kMaxDescriptors;
    return true;
  case kPendingSignals:
    limit = 1024;
    return true;
  default:
    limit = kNone;
    return resource >= 0 && resource <= kLast;
  }
}

/// A limit can be set to what it is.
long limit(long resource, const Limit *next, Limit *old) {
  std::uint64_t limit;
  if (!limitOf(resource, limit))
    return -kInvalid;
  if (next && next->soft > next->hard)
    return -kInvalid;
  if (next && (next->soft != limit || next->hard != limit))
    return -kNotPermitted;
  if (old)
    *old = {limit, limit};
  return 0;
}

bool isSelf(long process) {
  if (process == 0 || process == 1)
    return true;
  for (threads::Thread *at = threads::newestThread(); at; at = at->nextOfAll)
    if (at->id == process)
      return true;
  return false;
}

constinit long niceness = 0; ///< told back, and nothing else: all are equal

} // namespace

AMPOULE_SYSCALL(prlimit64, long process, long resource, const Limit *next,
                Limit *old) {
  return isSelf(process) ? limit(resource, next, old) : -kNoProcess;
}
AMPOULE_SYSCALL(getrlimit, long resource, Limit *old) {
  return limit(resource, nullptr, old);
}
AMPOULE_SYSCALL(setrlimit, long resource, const Limit *next) {
  return limit(resource, next, nullptr);
}

/// As the kernel has it: 20 - nice, which is never negative.
AMPOULE_SYSCALL(getpriority, long kind, long who) {
  if (kind < 0 || kind > 2)
    return -kInvalid;
  return who == 0 || isSelf(who) ? 20 - niceness : -kNoProcess;
}
AMPOULE_SYSCALL(setpriority, long kind, long who, int priority) {
  if (kind < 0 || kind > 2)
    return -kInvalid;
  if (who != 0 && !isSelf(who))
    return -kNoProcess;
  niceness = priority < -20 ? -20 : priority > 19 ? 19 : priority;
  return 0;
}

AMPOULE_SYSCALL(sysinfo, std::uint64_t *result) {
  struct Information { // struct sysinfo
    std::uint64_t uptime, loads[3], total, free, shared, buffer, swap[2];
    std::uint16_t processes, padding;
    std::uint64_t high[2];
    std::uint32_t unit;
  };
  memory::Usage usage = memory::usage();
  auto &information = *reinterpret_cast<Information *>(result);
  information = {};
  information.uptime = time::monotonic() / kNanosecondsPerSecond;
  information.total = usage.total * abi::kPageSize;
  information.free = usage.free * abi::kPageSize;
  for (threads::Thread *at = threads::newestThread(); at; at = at->nextOfAll)
    ++information.processes;
  information.unit = 1;
  return 0;
}

// One processor.
AMPOULE_SYSCALL(getcpu, std::uint32_t *processor, std::uint32_t *node) {
  if (processor)
    *processor = 0;
  if (node)
    *node = 0;
  return 0;
}
AMPOULE_SYSCALL(sched_getaffinity, long process, std::size_t size,
                std::uint64_t *mask) {
  if (size < sizeof(*mask))
    return -kInvalid;
  if (!isSelf(process))
    return -kNoProcess;
  *mask = 1;
  return sizeof(*mask);
}
AMPOULE_SYSCALL(sched_setaffinity, long process, std::size_t size,
                const std::uint8_t *mask) {
  if (!isSelf(process))
    return -kNoProcess;
  return size != 0 && mask[0] & 1 ? 0 : -kInvalid;
}
AMPOULE_SYSCALL(sched_rr_get_interval, long process, TimeSpec *slice) {
  if (!isSelf(process))
    return -kNoProcess;
  *slice = {static_cast<std::int64_t>(ampoule_config_time_slice /
                                      kNanosecondsPerSecond),
            static_cast<std::int64_t>(ampoule_config_time_slice %
                                      kNanosecondsPerSecond)};
  return 0;
}
/// Memory is the same for all threads at all times.
AMPOULE_SYSCALL(membarrier, long command) {
  constexpr long kQuery = 0, kCommands = 0x7f;
  if (command == kQuery)
    return kCommands;
  bool isOne = command > 0 && (command & (command - 1)) == 0;
  return isOne && command & kCommands ? 0 : -kInvalid;
}
