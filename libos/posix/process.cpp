// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One process, number 1.
#include "libos/abi/config.h"
#include "libos/posix/mounts.h"
#include "libos/shutdown/shutdown.h"
#include "libos/threads/threads.h"
#include "libos/time/time.h"

using namespace ampoule;
using namespace ampoule::posix;

/// The linker's answer: can the program come to a disk?
extern "C" int __ampoule_live_ampoule_enter_mount();

AMPOULE_SYSCALL(getpid) { return 1; }
AMPOULE_SYSCALL(getppid) { return 0; }
AMPOULE_SYSCALL(set_robust_list) { return 0; }

/// User time only: the library OS's own is the program's, too.
AMPOULE_SYSCALL(getrusage, long who, std::int64_t *usage) {
  constexpr unsigned kWords = 18; // struct rusage, arch/x86_64
  constexpr long kChildren = -1, kSelf = 0, kThread = 1;
  if (who < kChildren || who > kThread)
    return -kInvalid;
  for (unsigned i = 0; i < kWords; ++i)
    usage[i] = 0;
  if (who == kChildren)
    return 0;
  std::uint64_t time =
      threads::ampoule_cpu_time(who == kSelf ? nullptr : &threads::self());
  usage[0] = static_cast<std::int64_t>(time / kNanosecondsPerSecond);
  usage[1] = static_cast<std::int64_t>(time % kNanosecondsPerSecond / 1000);
  return 0;
}

AMPOULE_SYSCALL(times, std::int64_t *result) {
  constexpr std::uint64_t kTick = 10'000'000; // sysconf(_SC_CLK_TCK) is 100
  if (result) {                               // struct tms
    result[0] =
        static_cast<std::int64_t>(threads::ampoule_cpu_time(nullptr) / kTick);
    result[1] = result[2] = result[3] = 0;
  }
  return static_cast<long>(time::monotonic() / kTick);
}

AMPOULE_SYSCALL(exit_group, long status) {
  if (hasMounts() && __ampoule_live_ampoule_enter_mount())
    endDisks();
  shutdown::end(shutdown::Kind::Exit, static_cast<int>(status));
}

/// There is no child to wait for.
AMPOULE_SYSCALL(wait4) { return -kNoChild; }
AMPOULE_SYSCALL(waitid) { return -kNoChild; }

/// The domain's end, as reboot(2) asks for it.
AMPOULE_SYSCALL(reboot, std::uint32_t magic, std::uint32_t second,
                std::uint32_t command) {
  constexpr std::uint32_t kMagic = 0xfee1dead, kSecond = 672274793;
  enum : std::uint32_t { // RB_AUTOBOOT, …
    kRestart = 0x1234567,
    kHalt = 0xcdef0123,
    kPowerOff = 0x4321fedc,
  };
  if (magic != kMagic || second != kSecond)
    return -kInvalid;
  if (command == kRestart)
    shutdown::rebootAtEnd();
  else if (command != kHalt && command != kPowerOff)
    return -kInvalid;
  shutdown::end(shutdown::Kind::Exit, 0);
}

/// The one of Linux, PER_LINUX; 0xffffffff asks.
AMPOULE_SYSCALL(personality, std::uint32_t wanted) {
  return wanted == 0 || wanted == ~0u ? 0 : -kInvalid;
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
