// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// epoll(7). A set is a list; who waits looks at each of its files in turn. An
// edge is a change of the file's readiness since it was last told of.
#include "libos/memory/objects.h"
#include "libos/posix/poll.h"
#include "libos/posix/signal.h"
#include "libos/time/time.h"

using namespace ampoule;
using namespace ampoule::posix;

namespace {

struct [[gnu::packed]] Event { // struct epoll_event
  std::uint32_t events;
  std::uint64_t data;
};

constexpr std::uint32_t kEdge = 1u << 31, kOnce = 1u << 30;
constexpr std::uint32_t kAlways = kErrorCondition | kHangUp;

struct Watch {
  Watch *next;
  File *file;
  long fd;
  Event event;
  std::uint32_t told;       ///< File::changes
  std::uint32_t toldOf = 0; ///< readiness
};

class Epoll final : public File {
public:
  Epoll() : File(0600), next(sets) {
    kind = Kind::Epoll;
    sets = this;
  }

  long read(char *, std::size_t) override { return -kInvalid; }
  long write(const char *, std::size_t) override { return -kInvalid; }
  std::uint32_t readiness() override {
    for (Watch *watch = first; watch; watch = watch->next)
      if (found(*watch))
        return kReadable;
    return 0;
  }
  void release() override {
    Epoll **link = &sets;
    while (*link != this)
      link = &(*link)->next;
    *link = next;
    while (first)
      remove(&first);
    memory::destroy(this);
  }

  long add(long fd, File &file, const Event &event) {
    if (*find(fd, file))
      return -kExists;
    auto *watch =
        memory::make<Watch>(Watch{first, &file, fd, event, file.changes - 1});
    if (!watch)
      return -kOutOfMemory;
    first = watch;
    notify(*this);
    return 0;
  }

  long change(long fd, File &file, const Event &event) {
    Watch *watch = *find(fd, file);
    if (!watch)
      return -kNoEntry;
    watch->event = event;
    watch->told = file.changes - 1;
    watch->toldOf = 0;
    notify(*this);
    return 0;
  }

  long removeWatch(long fd, File &file) {
    Watch **link = find(fd, file);
    if (!*link)
      return -kNoEntry;
    remove(link);
    return 0;
  }

  long collect(Event *events, long most) {
    long count = 0;
    Watch *last = nullptr;
    for (Watch *watch = first; watch && count < most; watch = watch->next) {
      std::uint32_t readiness = found(*watch);
      last = watch;
      if (!readiness)
        continue;
      events[count++] = {readiness, watch->event.data};
      watch->told = watch->file->changes;
      watch->toldOf = readiness;
      if (watch->event.events & kOnce)
        watch->event.events &= kOnce | kEdge;
    }
    // The others are first next time.
    if (last && last->next) {
      Watch *end = last;
      while (end->next)
        end = end->next;
      end->next = first;
      first = last->next;
      last->next = nullptr;
    }
    return count;
  }

  static void forget(File &file) {
    for (Epoll *set = sets; set; set = set->next)
      for (Watch **link = &set->first; *link;)
        if ((*link)->file == &file)
          set->remove(link);
        else
          link = &(*link)->next;
  }

private:
  static std::uint32_t found(const Watch &watch) {
    std::uint32_t wanted = watch.event.events;
    if (!(wanted & ~(kOnce | kEdge)) && wanted & kOnce)
      return 0; // told once, and not asked for again
    std::uint32_t readiness = watch.file->readiness() & (wanted | kAlways);
    bool isNew = watch.told != watch.file->changes || readiness & ~watch.toldOf;
    return wanted & kEdge && !isNew ? 0 : readiness;
  }
  Watch **find(long fd, const File &file) {
    Watch **link = &first;
    while (*link && ((*link)->fd != fd || (*link)->file != &file))
      link = &(*link)->next;
    return link;
  }
  static void remove(Watch **link) {
    Watch *watch = *link;
    *link = watch->next;
    memory::destroy(watch);
  }

  static Epoll *sets;
  Epoll *next;
  Watch *first = nullptr;
};

constinit Epoll *Epoll::sets = nullptr;

Epoll *epollOf(long fd, long &error) {
  File *file = fileOf(fd);
  if (file && file->kind == File::Kind::Epoll)
    return static_cast<Epoll *>(file);
  error = file ? -kInvalid : -kBadDescriptor;
  return nullptr;
}

long makeEpoll(std::uint32_t flags) {
  if (flags & ~kCloseOnExec)
    return -kInvalid;
  onClose(Epoll::forget);
  auto *file = memory::make<Epoll>();
  return file ? install(*file, flags) : -kOutOfMemory;
}

long waitOn(long fd, Event *events, long most, std::uint64_t deadline) {
  long error;
  Epoll *set = epollOf(fd, error);
  if (!set)
    return error;
  if (most <= 0)
    return -kInvalid;
  return waitForAny(deadline, [&] { return set->collect(events, most); });
}

} // namespace

AMPOULE_SYSCALL(epoll_create) { return makeEpoll(0); }
AMPOULE_SYSCALL(epoll_create1, std::uint32_t flags) { return makeEpoll(flags); }

AMPOULE_SYSCALL(epoll_ctl, long fd, long operation, long target,
                const Event *event) {
  enum : long { kAdd = 1, kDelete = 2, kModify = 3 }; // EPOLL_CTL_ADD, …
  long error;
  Epoll *set = epollOf(fd, error);
  if (!set)
    return error;
  File *file = fileOf(target);
  if (!file)
    return -kBadDescriptor;
  if (file == set)
    return -kInvalid;
  if (file->node())
    return -kNotPermitted; // always ready: epoll_ctl(2)
  switch (operation) {
  case kAdd:
    return set->add(target, *file, *event);
  case kDelete:
    return set->removeWatch(target, *file);
  case kModify:
    return set->change(target, *file, *event);
  default:
    return -kInvalid;
  }
}

AMPOULE_SYSCALL(epoll_wait, long fd, Event *events, std::int32_t most,
                std::int32_t timeout) {
  return waitOn(fd, events, most, deadlineAfter(timeout));
}

AMPOULE_SYSCALL(epoll_pwait, long fd, Event *events, std::int32_t most,
                std::int32_t timeout, const std::uint64_t *mask) {
  TemporaryMask temporary(mask);
  return waitOn(fd, events, most, deadlineAfter(timeout));
}

AMPOULE_SYSCALL(epoll_pwait2, long fd, Event *events, std::int32_t most,
                const TimeSpec *timeout, const std::uint64_t *mask) {
  if (timeout && !isValid(*timeout))
    return -kInvalid;
  TemporaryMask temporary(mask);
  return waitOn(fd, events, most,
                timeout ? later(time::monotonic(), nanoseconds(*timeout))
                        : threads::kForever);
}
