// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Users and groups: numbers that the program can change as POSIX lets it, from
// 0 for all at first. Files are theirs, and no right keeps the program from any.
#include "libos/posix/node.h"

using namespace ampoule;
using namespace ampoule::posix;

namespace {

/// Real, effective, saved; a kind of its own for file access follows effective.
struct Ids {
  std::uint32_t real, effective, saved;

  bool has(std::uint32_t id) const {
    return id == real || id == effective || id == saved;
  }
};
constinit Ids user = {}, group = {};

constexpr std::uint32_t kKept = ~0u;
constexpr long kMaxGroups = 32;
constinit std::uint32_t groups[kMaxGroups] = {};
constinit long groupCount = 0;

/// Only user 0 may take any.
bool mayTake(const Ids &ids, std::uint32_t id) {
  return id == kKept || user.effective == 0 || ids.has(id);
}

/// setresuid(2); kKept leaves one as it is.
long take(Ids &ids, std::uint32_t real, std::uint32_t effective,
          std::uint32_t saved) {
  if (!mayTake(ids, real) || !mayTake(ids, effective) || !mayTake(ids, saved))
    return -kNotPermitted;
  if (real != kKept)
    ids.real = real;
  if (effective != kKept)
    ids.effective = effective;
  if (saved != kKept)
    ids.saved = saved;
  return 0;
}

/// setuid(2): all of them for user 0, else the effective one.
long takeOne(Ids &ids, std::uint32_t id) {
  if (id == kKept)
    return -kInvalid;
  bool isRoot = user.effective == 0;
  return take(ids, isRoot ? id : kKept, id, isRoot ? id : kKept);
}

/// setreuid(2): the saved one follows when the real one is set, or the
/// effective one to something else than the real one.
long takePair(Ids &ids, std::uint32_t real, std::uint32_t effective) {
  bool follows = real != kKept || (effective != kKept && effective != ids.real);
  if (long error = take(ids, real, effective, kKept))
    return error;
  if (follows)
    ids.saved = ids.effective;
  return 0;
}

long tell(const Ids &ids, std::uint32_t *real, std::uint32_t *effective,
          std::uint32_t *saved) {
  *real = ids.real;
  *effective = ids.effective;
  *saved = ids.saved;
  return 0;
}

} // namespace

std::uint32_t posix::effectiveUser() { return user.effective; }
std::uint32_t posix::effectiveGroup() { return group.effective; }

AMPOULE_SYSCALL(getuid) { return user.real; }
AMPOULE_SYSCALL(geteuid) { return user.effective; }
AMPOULE_SYSCALL(getgid) { return group.real; }
AMPOULE_SYSCALL(getegid) { return group.effective; }
AMPOULE_SYSCALL(getresuid, std::uint32_t *real, std::uint32_t *effective,
                std::uint32_t *saved) {
  return tell(user, real, effective, saved);
}
AMPOULE_SYSCALL(getresgid, std::uint32_t *real, std::uint32_t *effective,
                std::uint32_t *saved) {
  return tell(group, real, effective, saved);
}
AMPOULE_SYSCALL(setuid, std::uint32_t id) { return takeOne(user, id); }
AMPOULE_SYSCALL(setgid, std::uint32_t id) { return takeOne(group, id); }
AMPOULE_SYSCALL(setreuid, std::uint32_t real, std::uint32_t effective) {
  return takePair(user, real, effective);
}
AMPOULE_SYSCALL(setregid, std::uint32_t real, std::uint32_t effective) {
  return takePair(group, real, effective);
}
AMPOULE_SYSCALL(setresuid, std::uint32_t real, std::uint32_t effective,
                std::uint32_t saved) {
  return take(user, real, effective, saved);
}
AMPOULE_SYSCALL(setresgid, std::uint32_t real, std::uint32_t effective,
                std::uint32_t saved) {
  return take(group, real, effective, saved);
}
// No access depends on these; they tell what was there before.
AMPOULE_SYSCALL(setfsuid) { return user.effective; }
AMPOULE_SYSCALL(setfsgid) { return group.effective; }

AMPOULE_SYSCALL(getgroups, long size, std::uint32_t *list) {
  if (size != 0 && size < groupCount)
    return -kInvalid;
  if (size != 0)
    __builtin_memcpy(list, groups,
                     static_cast<std::size_t>(groupCount) * sizeof(*list));
  return groupCount;
}
AMPOULE_SYSCALL(setgroups, std::size_t size, const std::uint32_t *list) {
  if (user.effective != 0)
    return -kNotPermitted;
  if (size > kMaxGroups)
    return -kInvalid;
  __builtin_memcpy(groups, list, size * sizeof(*list));
  groupCount = static_cast<long>(size);
  return 0;
}

// One session with one group of one process.
AMPOULE_SYSCALL(getpgrp) { return 1; }
AMPOULE_SYSCALL(getpgid, long process) {
  return process == 0 || process == 1 ? 1 : -kNoProcess;
}
AMPOULE_SYSCALL(getsid, long process) {
  return process == 0 || process == 1 ? 1 : -kNoProcess;
}
/// The leader of a session cannot change its group (setpgid(2)).
AMPOULE_SYSCALL(setpgid, long process) {
  return process == 0 || process == 1 ? -kNotPermitted : -kNoProcess;
}
AMPOULE_SYSCALL(setsid) { return -kNotPermitted; }
