// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Pipes, with and without a name. One that has a name (FIFO) is a node of the tree,
// and is there while somebody has it open: then any number read and write.
#include "libos/memory/memory.h"
#include "libos/memory/objects.h"
#include "libos/posix/fifo.h"
#include "libos/posix/poll.h"
#include "libos/posix/signal.h"
#include "xen-boot/abi/layout.h"

using namespace ampoule;
using namespace ampoule::posix;

namespace {

constexpr std::size_t kPages = 16, kCapacity = kPages * abi::kPageSize;
/// So much is written at once or not at all.
constexpr std::size_t kAtomic = 4096; // PIPE_BUF

class PipeEnd;

/// Of the two sides.
struct Side {
  std::uint32_t ends = 0;
  std::uint32_t opened = 0; ///< how often
  threads::Queue waiting;
};

struct Pipe {
  explicit Pipe(char *buffer) : buffer(buffer) {}

  char *buffer;
  std::size_t start = 0, count = 0;
  Side readers, writers;
  PipeEnd *first = nullptr;
};

void freePipe(Pipe &pipe) {
  memory::release(pipe.buffer, kPages);
  memory::destroy(&pipe);
}

class PipeEnd final : public File {
public:
  /// Belongs to a name, if there is a node.
  PipeEnd(Pipe &pipe, std::uint32_t flags, Node *fifo);
  long read(char *buffer, std::size_t size) override;
  long write(const char *buffer, std::size_t size) override;
  std::uint32_t readiness() override;
  long available() override { return static_cast<long>(pipe.count); }
  void release() override;
  /// Until there is the other side, too. 0 or a negative errno.
  long waitForOther();

private:
  bool reads() const { return (flags & kAccessMode) != kWriteOnlyAccess; }
  bool writes() const { return (flags & kAccessMode) != kReadOnlyAccess; }
  bool isOn(const Side &side) const {
    return &side == &pipe.readers ? reads() : writes();
  }
  void wake(Side &side);

  Pipe &pipe;
  Node *fifo;
  PipeEnd *next;
  std::uint32_t writersBefore; ///< how often it had been opened to write
};

PipeEnd::PipeEnd(Pipe &pipe, std::uint32_t flags, Node *fifo)
    : File(fifo ? fifo->mode : kFifo | 0600, 0, false,
           flags & (kAccessMode | kNonBlocking)),
      pipe(pipe), fifo(fifo), next(pipe.first),
      writersBefore(pipe.writers.ends ? 0 : pipe.writers.opened) {
  pipe.first = this;
  if (fifo)
    ++fifo->opened;
  for (Side *side : {&pipe.readers, &pipe.writers})
    if (isOn(*side)) {
      ++side->ends;
      ++side->opened;
    }
}

void PipeEnd::wake(Side &side) {
  threads::wakeAll(side.waiting);
  for (PipeEnd *end = pipe.first; end; end = end->next)
    if (end->isOn(side))
      notify(*end);
}

long PipeEnd::read(char *buffer, std::size_t size) {
  if (size == 0)
    return 0;
  auto canRead = [&] { return pipe.count || !pipe.writers.ends; };
  if (isNonBlocking() && !canRead())
    return -kTryAgain;
  if (long error = waitFor(pipe.readers.waiting, canRead))
    return error;
  std::size_t count = size < pipe.count ? size : pipe.count;
  std::size_t first = kCapacity - pipe.start;
  if (first > count)
    first = count;
  __builtin_memcpy(buffer, pipe.buffer + pipe.start, first);
  __builtin_memcpy(buffer + first, pipe.buffer, count - first);
  pipe.start = (pipe.start + count) % kCapacity;
  pipe.count -= count;
  if (count)
    wake(pipe.writers);
  return static_cast<long>(count);
}

long PipeEnd::write(const char *buffer, std::size_t size) {
  std::size_t total = 0;
  while (total != size) {
    std::size_t wanted = size <= kAtomic ? size : 1;
    auto hasRoom = [&] {
      return !pipe.readers.ends || kCapacity - pipe.count >= wanted;
    };
    long error = isNonBlocking() && !hasRoom() ? -kTryAgain
                                               : waitFor(pipe.writers.waiting,
                                                         hasRoom);
    if (error)
      return total ? static_cast<long>(total) : error;
    if (!pipe.readers.ends) {
      postSignal({.signal = kSigPipe, .code = kFromKernel}, &threads::self());
      return total ? static_cast<long>(total) : -kBrokenPipe;
    }
    std::size_t room = kCapacity - pipe.count;
    std::size_t count = size - total < room ? size - total : room;
    std::size_t end = (pipe.start + pipe.count) % kCapacity;
    std::size_t first = kCapacity - end;
    if (first > count)
      first = count;
    __builtin_memcpy(pipe.buffer + end, buffer + total, first);
    __builtin_memcpy(pipe.buffer, buffer + total + first, count - first);
    pipe.count += count;
    total += count;
    wake(pipe.readers);
  }
  return static_cast<long>(total);
}

std::uint32_t PipeEnd::readiness() {
  std::uint32_t result = 0;
  if (reads())
    result |= (pipe.count ? kReadable : 0u) |
              (!pipe.writers.ends && pipe.writers.opened != writersBefore
                   ? kHangUp
                   : 0u);
  if (writes())
    result |= !pipe.readers.ends ? kWritable | kErrorCondition
              : kCapacity - pipe.count >= kAtomic ? kWritable
                                                  : 0u;
  return result;
}

void PipeEnd::release() {
  PipeEnd **link = &pipe.first;
  while (*link != this)
    link = &(*link)->next;
  *link = next;
  pipe.readers.ends -= reads();
  pipe.writers.ends -= writes();
  if (pipe.first) {
    wake(pipe.readers);
    wake(pipe.writers);
  } else {
    if (fifo)
      fifo->pipe = nullptr;
    freePipe(pipe);
  }
  if (fifo)
    closeNode(*fifo);
  memory::destroy(this);
}

long PipeEnd::waitForOther() {
  wake(pipe.readers);
  wake(pipe.writers);
  if (reads() && writes())
    return 0;
  Side &own = reads() ? pipe.readers : pipe.writers;
  Side &other = reads() ? pipe.writers : pipe.readers;
  if (isNonBlocking())
    return other.ends || reads() ? 0 : -kNoDeviceOrAddress;
  // It may come and be gone again before this thread has its turn.
  return waitFor(own.waiting, [&other, before = other.opened] {
    return other.ends || other.opened != before;
  });
}

Pipe *newPipe() {
  auto *buffer = static_cast<char *>(memory::allocate(kPages));
  Pipe *pipe = buffer ? memory::make<Pipe>(buffer) : nullptr;
  if (buffer && !pipe)
    memory::release(buffer, kPages);
  return pipe;
}

/// Null: no memory; a pipe without ends is gone then.
PipeEnd *newEnd(Pipe *pipe, std::uint32_t flags, Node *fifo = nullptr) {
  if (!pipe)
    return nullptr;
  auto *end = memory::make<PipeEnd>(*pipe, flags, fifo);
  if (!end && !pipe->first)
    freePipe(*pipe);
  return end;
}

long makePipe(std::int32_t *descriptors, std::uint32_t flags) {
  if (flags & ~(kNonBlocking | kCloseOnExec))
    return -kInvalid;
  Pipe *pipe = newPipe();
  PipeEnd *reader = newEnd(pipe, flags | kReadOnlyAccess);
  if (!reader)
    return -kOutOfMemory;
  PipeEnd *writer = newEnd(pipe, flags | kWriteOnlyAccess);
  if (!writer) {
    reader->release();
    return -kOutOfMemory;
  }
  long first = install(*reader, flags);
  if (first < 0) {
    writer->release();
    return first;
  }
  long second = install(*writer, flags);
  if (second < 0) {
    closeDescriptor(first);
    return second;
  }
  descriptors[0] = static_cast<std::int32_t>(first);
  descriptors[1] = static_cast<std::int32_t>(second);
  return 0;
}

} // namespace

long posix::openFifo(Node &node, std::uint32_t flags) {
  constexpr std::uint32_t kNoAccess = 3;
  if ((flags & kAccessMode) == kNoAccess)
    return -kInvalid;
  if (!node.pipe)
    node.pipe = newPipe();
  PipeEnd *end = newEnd(static_cast<Pipe *>(node.pipe), flags, &node);
  if (!end) {
    if (node.opened == 0)
      node.pipe = nullptr;
    return -kOutOfMemory;
  }
  if (long error = end->waitForOther()) {
    end->release();
    return error;
  }
  return install(*end, flags);
}

AMPOULE_SYSCALL(pipe, std::int32_t *descriptors) {
  return makePipe(descriptors, 0);
}
AMPOULE_SYSCALL(pipe2, std::int32_t *descriptors, std::uint32_t flags) {
  return makePipe(descriptors, flags);
}
