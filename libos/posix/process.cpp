// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One process, one thread, number 1, user 0.
#include "libos/abi/config.h"
#include "libos/panic/panic.h"
#include "libos/posix/posix.h"
#include "libos/shutdown/shutdown.h"
#include "libos/time/time.h"
#include "libos/xen/xen.h"

using namespace ampoule;
using namespace ampoule::posix;

AMPOULE_SYSCALL(getpid) { return 1; }
AMPOULE_SYSCALL(gettid) { return 1; }
AMPOULE_SYSCALL(getppid) { return 0; }
AMPOULE_SYSCALL(getuid) { return 0; }
AMPOULE_SYSCALL(geteuid) { return 0; }
AMPOULE_SYSCALL(getgid) { return 0; }
AMPOULE_SYSCALL(getegid) { return 0; }
AMPOULE_SYSCALL(set_tid_address) { return 1; }
AMPOULE_SYSCALL(set_robust_list) { return 0; }
AMPOULE_SYSCALL(sched_yield) { return 0; }

AMPOULE_SYSCALL(umask, long mask) {
  static constinit long current = 022;
  long old = current;
  current = mask & 0777;
  return old;
}

/// No limit is enforced, and none can be set.
AMPOULE_SYSCALL(prlimit64, long, long, const std::uint64_t *next,
                std::uint64_t *old) {
  constexpr long kNotPermitted = 1; // EPERM
  constexpr std::uint64_t kInfinity = ~0ull;
  if (next)
    return -kNotPermitted;
  if (old)
    old[0] = old[1] = kInfinity; // soft, hard
  return 0;
}

/// All time that the monotonic clock counts is taken for the program's.
AMPOULE_SYSCALL(getrusage, long, std::int64_t *usage) {
  constexpr unsigned kWords = 18; // struct rusage, arch/x86_64
  std::uint64_t now = time::monotonic();
  for (unsigned i = 0; i < kWords; ++i)
    usage[i] = 0;
  usage[0] = static_cast<std::int64_t>(now / kNanosecondsPerSecond);
  usage[1] = static_cast<std::int64_t>(now % kNanosecondsPerSecond / 1000);
  return 0;
}

AMPOULE_SYSCALL(exit_group, long status) {
  shutdown::end(shutdown::Kind::Exit, static_cast<int>(status));
}

AMPOULE_SYSCALL(exit, long status) {
  shutdown::end(shutdown::Kind::Exit, static_cast<int>(status));
}

AMPOULE_SYSCALL(sched_getaffinity, long, std::size_t size,
                std::uint64_t *mask) {
  if (size < sizeof(*mask))
    return -kInvalid;
  *mask = 1;
  return sizeof(*mask);
}

AMPOULE_SYSCALL(set_thread_area, std::uintptr_t pointer) {
  if (xen::isPv())
    return xen::hypercall(__HYPERVISOR_set_segment_base,
                          std::uint64_t{SEGBASE_FS}, pointer);
  asm volatile("wrfsbase %0" ::"r"(pointer));
  return 0;
}

static void sleepOut(std::uint64_t duration) {
  std::uint64_t deadline = time::monotonic() + duration;
  while (!time::sleepUntil(deadline))
    ;
}

AMPOULE_SYSCALL(futex, std::uint32_t *word, long operation, std::uint32_t value,
                const TimeSpec *timeout) {
  constexpr long kWait = 0, kWake = 1, kPrivate = 128;
  switch (operation & ~kPrivate) {
  case kWake:
    return 0;
  case kWait:
    if (__atomic_load_n(word, __ATOMIC_SEQ_CST) != value)
      return -kTryAgain;
    if (!timeout)
      panic::panic("deadlock: the only thread waits for another");
    sleepOut(static_cast<std::uint64_t>(timeout->seconds) *
                 kNanosecondsPerSecond +
             static_cast<std::uint64_t>(timeout->nanoseconds));
    return -kTimedOut;
  default:
    return -kNoSuchCall;
  }
}

AMPOULE_SYSCALL(uname, char *result) {
  constexpr unsigned kFieldSize = 65; // struct utsname
  const char *fields[] = {
      "Linux", ampoule_config_hostname, "6.1.0", "Ampoule", "x86_64", ""};
  for (const char *field : fields) {
    __builtin_memset(result, 0, kFieldSize);
    for (unsigned i = 0; field[i]; ++i)
      result[i] = field[i];
    result += kFieldSize;
  }
  return 0;
}

/// Numbers that are known only at run time, from syscall(2).
extern "C" long __ampoule_syscall(long, long, long, long, long, long, long) {
  return -kNoSuchCall;
}
