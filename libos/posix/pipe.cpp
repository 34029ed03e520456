// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Pipes.
#include "libos/memory/memory.h"
#include "libos/memory/objects.h"
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

struct Pipe {
  explicit Pipe(char *buffer) : buffer(buffer) {}

  char *buffer;
  std::size_t start = 0, count = 0;
  PipeEnd *reader = nullptr, *writer = nullptr; ///< null: closed
  threads::Queue readers, writers;
};

class PipeEnd final : public File {
public:
  PipeEnd(Pipe &pipe, std::uint32_t access, std::uint32_t flags)
      : File(kFifo | 0600, 0, false, access | (flags & kNonBlocking)),
        pipe(pipe) {}
  long read(char *buffer, std::size_t size) override;
  long write(const char *buffer, std::size_t size) override;
  std::uint32_t readiness() override;
  long available() override { return static_cast<long>(pipe.count); }
  void release() override;

private:
  bool isReader() const { return pipe.reader == this; }
  Pipe &pipe;
};

long PipeEnd::read(char *buffer, std::size_t size) {
  if (size == 0)
    return 0;
  if (pipe.count == 0 && pipe.writer && isNonBlocking())
    return -kTryAgain;
  if (long error =
          waitFor(pipe.readers, [&] { return pipe.count || !pipe.writer; }))
    return error;
  std::size_t count = size < pipe.count ? size : pipe.count;
  std::size_t first = kCapacity - pipe.start;
  if (first > count)
    first = count;
  __builtin_memcpy(buffer, pipe.buffer + pipe.start, first);
  __builtin_memcpy(buffer + first, pipe.buffer, count - first);
  pipe.start = (pipe.start + count) % kCapacity;
  pipe.count -= count;
  if (count && pipe.writer) {
    threads::wakeAll(pipe.writers);
    notify(*pipe.writer);
  }
  return static_cast<long>(count);
}

long PipeEnd::write(const char *buffer, std::size_t size) {
  std::size_t total = 0;
  while (total != size) {
    std::size_t wanted = size <= kAtomic ? size : 1;
    auto hasRoom = [&] {
      return !pipe.reader || kCapacity - pipe.count >= wanted;
    };
    long error = isNonBlocking() && !hasRoom() ? -kTryAgain
                                               : waitFor(pipe.writers, hasRoom);
    if (error)
      return total ? static_cast<long>(total) : error;
    if (!pipe.reader) {
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
    threads::wakeAll(pipe.readers);
    notify(*pipe.reader);
  }
  return static_cast<long>(total);
}

std::uint32_t PipeEnd::readiness() {
  if (isReader())
    return (pipe.count ? kReadable : 0u) | (pipe.writer ? 0u : kHangUp);
  if (!pipe.reader)
    return kWritable | kErrorCondition;
  return kCapacity - pipe.count >= kAtomic ? kWritable : 0u;
}

void PipeEnd::release() {
  (isReader() ? pipe.reader : pipe.writer) = nullptr;
  threads::wakeAll(pipe.readers);
  threads::wakeAll(pipe.writers);
  if (PipeEnd *other = pipe.reader ? pipe.reader : pipe.writer) {
    notify(*other);
  } else {
    memory::release(pipe.buffer, kPages);
    memory::destroy(&pipe);
  }
  memory::destroy(this);
}

long makePipe(std::int32_t *descriptors, std::uint32_t flags) {
  if (flags & ~(kNonBlocking | kCloseOnExec))
    return -kInvalid;
  auto *buffer = static_cast<char *>(memory::allocate(kPages));
  auto *pipe = buffer ? memory::make<Pipe>(buffer) : nullptr;
  auto *reader =
      pipe ? memory::make<PipeEnd>(*pipe, kReadOnlyAccess, flags) : nullptr;
  auto *writer =
      reader ? memory::make<PipeEnd>(*pipe, kWriteOnlyAccess, flags) : nullptr;
  if (!writer) {
    if (reader)
      memory::destroy(reader);
    if (pipe)
      memory::destroy(pipe);
    if (buffer)
      memory::release(buffer, kPages);
    return -kOutOfMemory;
  }
  pipe->reader = reader;
  pipe->writer = writer;
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

AMPOULE_SYSCALL(pipe, std::int32_t *descriptors) {
  return makePipe(descriptors, 0);
}
AMPOULE_SYSCALL(pipe2, std::int32_t *descriptors, std::uint32_t flags) {
  return makePipe(descriptors, flags);
}
