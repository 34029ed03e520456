// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Signals as other parts of posix/ send them and are ended by them.
#pragma once

#include "libos/posix/posix.h"
#include "libos/threads/threads.h"

namespace ampoule::posix {

inline constexpr std::int32_t kSigPipe = 13, kSigAlarm = 14, kSigTerm = 15,
                              kSigVirtualAlarm = 26, kSigProfiler = 27;
/// Those from here on are queued: each that is sent is delivered.
inline constexpr long kFirstQueued = 32;

/// siginfo_t, as far as signals here have it (arch/x86_64).
struct SignalInfo {
  std::int32_t signal = 0, error = 0, code = 0, padding = 0;
  std::int32_t from = 0, user = 0; ///< or si_timerid, si_overrun
  std::uint64_t value = 0;
  std::uint64_t rest[12] = {};
};
static_assert(sizeof(SignalInfo) == 128);

inline constexpr std::int32_t kFromKernel = 0x80, kFromTimer = -2,
                              kFromUser = 0, kFromThread = -6;

/// For `target`, or for any thread. Delivered at the end of the call. False:
/// too many are queued.
bool postSignal(const SignalInfo &info, threads::Thread *target = nullptr);

/// After a wait was interrupted: runs the signals' handlers if all of them are
/// such that the call goes on (SA_RESTART); false: it ends with -EINTR.
bool restartAfterSignals();

/// Another mask while a call waits (pselect(), …); null: the same. What came is
/// delivered before the old one is back.
class TemporaryMask {
public:
  explicit TemporaryMask(const std::uint64_t *mask);
  ~TemporaryMask();
  TemporaryMask(const TemporaryMask &) = delete;
  TemporaryMask &operator=(const TemporaryMask &) = delete;

private:
  std::uint64_t before;
  bool isSet;
};

/// What a call waits for: refers to a function object.
class Condition {
public:
  template <typename Function>
  Condition(const Function &function)
      : object(&function), call([](const void *object) {
          return static_cast<bool>((*static_cast<const Function *>(object))());
        }) {}
  Condition(const Condition &) = default;
  bool operator()() const { return call(object); }

private:
  const void *object;
  bool (*call)(const void *);
};

/// Waits in `queue` until `isDone()`, as a call that can be restarted. 0,
/// -EINTR or -ETIMEDOUT.
long waitFor(threads::Queue &queue, Condition isDone,
             std::uint64_t deadline = threads::kForever);

} // namespace ampoule::posix
