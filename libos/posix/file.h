// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What a descriptor refers to: an open file description (POSIX, section 3.253).
// Kinds of files are classes in the files that implement them. An image has the
// kinds that its program can open and, thanks to virtual function elimination,
// the operations that it can call.
#pragma once

#include "libos/posix/posix.h"

namespace ampoule::posix {

struct Node;

/// struct stat of arch/x86_64/kstat.h
struct KernelStat {
  std::uint64_t device, inode, links;
  std::uint32_t mode, user, group, padding;
  std::uint64_t deviceId;
  std::int64_t size, blockSize, blocks;
  TimeSpec accessed, modified, changed;
  std::int64_t unused[3];
};
static_assert(sizeof(KernelStat) == 144);

// st_mode (sys/stat.h)
inline constexpr std::uint32_t kTypeMask = 0170000, kFifo = 0010000,
                               kCharacterDevice = 0020000, kDirectory = 0040000,
                               kBlockDevice = 0060000,
                               kRegular = 0100000, kLink = 0120000,
                               kSocket = 0140000;

/// open(2)
enum OpenFlag : std::uint32_t {
  kReadOnlyAccess = 0,
  kWriteOnlyAccess = 1,
  kReadWriteAccess = 2,
  kAccessMode = 3,
  kCreate = 0100,
  kExclusive = 0200,
  kTruncate = 01000,
  kAppend = 02000,
  kNonBlocking = 04000,
  kDataSync = 010000, ///< O_DSYNC; O_SYNC has it, too
  kDirectoryOnly = 0200000,
  kNoFollow = 0400000,
  kCloseOnExec = 02000000,
  kWithoutName = 020200000,
};

/// poll(2)
enum Readiness : std::uint32_t {
  kReadable = 1,
  kWritable = 4,
  kErrorCondition = 8,
  kHangUp = 16,
  kReadHangUp = 0x2000,
};

struct Segment { // struct iovec
  char *base;
  std::size_t size;
};
inline constexpr long kMaxSegments = 1024; // IOV_MAX

class File;
/// What files do that have no better way; no members, so that the class has no
/// table of its own.
long readEach(File &file, const Segment *segments, long count);
long writeEach(File &file, const Segment *segments, long count);
long refuseControl(unsigned long request);

class File {
public:
  constexpr File(std::uint32_t mode, std::uint32_t device = 0,
                 bool isTerminal = false,
                 std::uint32_t flags = kReadWriteAccess)
      : mode(mode), device(device), flags(flags), isTerminal(isTerminal) {}

  virtual long read(char *buffer, std::size_t size) = 0;
  virtual long write(const char *buffer, std::size_t size) = 0;
  virtual long readAt(char *, std::size_t, std::uint64_t) {
    return -kIllegalSeek;
  }
  virtual long writeAt(const char *, std::size_t, std::uint64_t) {
    return -kIllegalSeek;
  }
  virtual long seek(std::int64_t, long) { return -kIllegalSeek; }
  /// Several reads or writes, unless they must be one.
  virtual long readAll(const Segment *segments, long count) {
    return readEach(*this, segments, count);
  }
  virtual long writeAll(const Segment *segments, long count) {
    return writeEach(*this, segments, count);
  }
  /// What it is in the tree of files; null: something else.
  virtual Node *node() { return nullptr; }
  /// What can be done without waiting, of Readiness.
  virtual std::uint32_t readiness() { return kReadable | kWritable; }
  /// How many bytes can be read at once (FIONREAD); a negative errno: unknown.
  virtual long available() { return -kNotTerminal; }
  /// ioctl(2), what is not the same for all files.
  virtual long control(unsigned long request, void *) {
    return refuseControl(request);
  }
  /// A device is opened: the new descriptor.
  virtual long open(std::uint32_t descriptorFlags);
  /// What was written is to stay, also if the power fails (fsync).
  virtual long flush() { return 0; }
  /// No descriptor refers to it any more.
  virtual void release() {}

  bool isNonBlocking() const { return flags & kNonBlocking; }

  /// What only some files can do.
  enum class Kind : std::uint8_t { Other, Timer, Epoll, Socket, Signals };

  std::uint32_t mode;   ///< st_mode
  std::uint32_t device; ///< st_rdev: major << 8 | minor
  std::uint32_t flags;  ///< of OpenFlag
  std::uint32_t references = 0;
  std::uint32_t changes = 0; ///< how often its readiness changed
  bool isTerminal;
  Kind kind = Kind::Other;
};

/// What stat tells.
void describe(File *file, Node *node, KernelStat &result);

/// The device of that absolute path, or null.
File *findDevice(const char *path);

/// /dev/xvda, … or null: the image is not to use it, or the domain does not have
/// it.
File *blockDevice(unsigned index);
/// All disks.
long flushDisks();

/// Descriptors 0 to 2 from the start: the console.
class Terminal final : public File {
public:
  using File::File;
  long read(char *buffer, std::size_t size) override;
  long write(const char *buffer, std::size_t size) override;
  std::uint32_t readiness() override;
  long available() override;
};
extern Terminal terminal;

/// What ioctl() does with a terminal.
long controlTerminal(unsigned long request, void *argument);

inline constexpr long kMaxDescriptors = 1024;

/// Null: not open.
File *fileOf(long fd);

/// The lowest free descriptor from `first` on now refers to `file`. If there is
/// none, a file that nothing refers to is released.
long install(File &file, std::uint32_t flags, long first = 0);

void closeDescriptor(long fd);

/// A reference less, of a descriptor or of a call.
void drop(File &file);

/// Keeps a file while a call waits: another thread may close it.
class Hold {
public:
  explicit Hold(File &file);
  ~Hold();
  Hold(const Hold &) = delete;
  Hold &operator=(const Hold &) = delete;

private:
  File &file;
};

/// Has `forget` called with every file that goes.
void onClose(void (*forget)(File &));

} // namespace ampoule::posix
