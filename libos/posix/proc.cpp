// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Files in /proc (proc(5)), written when they are opened. They have no
// directory: a program that reads one knows its name. What Linux counts and
// there is nothing of here is left out or zero.
#include "libos/posix/proc.h"

#include "libos/abi/config.h"
#include "libos/console/text.h"
#include "libos/memory/memory.h"
#include "libos/memory/objects.h"
#include "libos/panic/panic.h"
#include "libos/posix/signal.h"
#include "libos/time/time.h"
#include "libos/xen/cpuid.h"
#include "libos/xen/xen.h"
#include "xen-boot/abi/layout.h"

using namespace ampoule;
using namespace ampoule::posix;

extern "C" {
extern const char __ampoule_text_start[], __ampoule_text_end[],
    __ampoule_rodata_start[], __ampoule_rodata_end[], __ampoule_data_start[],
    __ampoule_data_end[], __ampoule_stack_bottom[], __ampoule_stack_top[],
    __ampoule_image_start[], __ampoule_image_end[], __ampoule_build_id[];
extern char **__environ;         // musl's
extern char **ampoule_arguments; // libos/libc/start.c
long sys_getrandom(long, long, long, long, long, long);
}

namespace {

constexpr std::size_t kSize = abi::kPageSize;
using Text = console::Text<kSize>;

constexpr unsigned kBuildIdSize = 20;

std::uint64_t number(const void *pointer) {
  return reinterpret_cast<std::uint64_t>(pointer);
}

unsigned digitsOf(std::uint64_t address) {
  unsigned digits = 8;
  if (hasHighMemory())
    while (address >> 4 * digits)
      ++digits;
  return digits;
}

void writeRange(Text &text, std::uint64_t from, std::uint64_t to,
                const char *rights, const char *name) {
  if (from == to)
    return;
  text.hex(from, digitsOf(from)) << "-";
  text.hex(to, digitsOf(to)) << " " << rights << "p 00000000 00:00 0 " << name
                             << "\n";
}

void writeMaps(Text &text) {
  writeRange(text, number(__ampoule_text_start), number(__ampoule_text_end),
             "r-x", "/proc/self/exe");
  writeRange(text, number(__ampoule_rodata_start), number(__ampoule_rodata_end),
             "r--", "/proc/self/exe");
  writeRange(text, number(__ampoule_data_start), number(__ampoule_data_end),
             "rw-", "/proc/self/exe");
  writeRange(text, number(__ampoule_stack_bottom), number(__ampoule_stack_top),
             "rw-", "[stack]");
  std::uint64_t heap = number(__ampoule_image_end);
  if (!hasHighMemory())
    return writeRange(text, heap, heap + memory::usage().total * kSize, "rw-",
                      "[heap]");
  memory::Part part;
  for (unsigned i = 0; (part = memory::part(i)).end; ++i)
    writeRange(text, part.start, part.end, "rw-", "[heap]");
}

std::uint64_t threadCount() {
  std::uint64_t count = 0;
  for (threads::Thread *at = threads::newestThread(); at; at = at->nextOfAll)
    ++count;
  return count;
}

const char *programName() {
  const char *name = ampoule_arguments && ampoule_arguments[0]
                         ? ampoule_arguments[0]
                         : "program";
  for (const char *at = name; *at; ++at)
    if (*at == '/')
      name = at + 1;
  return name;
}

std::uint64_t usedPages() {
  memory::Usage usage = memory::usage();
  std::uint64_t image =
      number(__ampoule_image_end) - number(__ampoule_image_start);
  return usage.total - usage.free + image / kSize;
}

void writeStatus(Text &text) {
  text << "Name:\t" << programName()
       << "\nUmask:\t0022\nState:\tR (running)\nTgid:\t1\nPid:\t1\nPPid:\t0\n"
          "TracerPid:\t0\nUid:\t0\t0\t0\t0\nGid:\t0\t0\t0\t0\nVmPeak:\t";
  std::uint64_t used = usedPages() * kSize / 1024;
  text.number(used) << " kB\nVmSize:\t";
  text.number(used) << " kB\nVmRSS:\t";
  text.number(used) << " kB\nThreads:\t";
  text.number(threadCount()) << "\n";
}

void writeStat(Text &text) {
  text << "1 (" << programName() << ") R 0 1 1 0 -1 0 0 0 0 0 ";
  constexpr std::uint64_t kTick = 10'000'000;
  text.number(threads::ampoule_cpu_time(nullptr) / kTick) << " 0 0 0 20 0 ";
  text.number(threadCount()) << " 0 0 ";
  text.number(usedPages() * kSize) << " ";
  text.number(usedPages()) << " 18446744073709551615";
  for (unsigned i = 0; i != 27; ++i) // up to exit_code
    text << " 0";
  text << "\n";
}

void writeStatm(Text &text) {
  for (unsigned i = 0; i != 2; ++i)
    text.number(usedPages()) << " ";
  text << "0 ";
  text.number((number(__ampoule_text_end) - number(__ampoule_text_start)) /
              kSize)
      << " 0 ";
  text.number(usedPages()) << " 0\n";
}

void writeMemory(Text &text) {
  memory::Usage usage = memory::usage();
  auto row = [&text](const char *name, std::uint64_t pages) {
    text << name;
    text.number(pages * (kSize / 1024)) << " kB\n";
  };
  row("MemTotal:       ", usage.total);
  row("MemFree:        ", usage.free);
  row("MemAvailable:   ", usage.free);
  row("Buffers:        ", 0);
  row("Cached:         ", 0);
  row("SwapTotal:      ", 0);
  row("SwapFree:       ", 0);
}

void writeProcessor(Text &text) {
  text << "processor\t: 0\nvendor_id\t: ";
  xen::Registers vendor = xen::cpuid(0);
  char name[49] = {};
  for (unsigned i = 0; i != 3; ++i) {
    std::uint32_t part = i == 0 ? vendor.ebx : i == 1 ? vendor.edx : vendor.ecx;
    __builtin_memcpy(name + 4 * i, &part, 4);
  }
  text << name << "\nmodel name\t: ";
  // Intel SDM volume 2A, CPUID: leaves 0x80000002 to 4 are the brand.
  for (unsigned i = 0; i != 3; ++i) {
    xen::Registers part = xen::cpuid(0x80000002 + i);
    __builtin_memcpy(name + 16 * i, &part.eax, 4);
    __builtin_memcpy(name + 16 * i + 4, &part.ebx, 4);
    __builtin_memcpy(name + 16 * i + 8, &part.ecx, 4);
    __builtin_memcpy(name + 16 * i + 12, &part.edx, 4);
  }
  text << name << "\ncpu cores\t: 1\nsiblings\t: 1\nclflush size\t: 64\n\n";
}

void writeUptime(Text &text) {
  constexpr std::uint64_t kHundredth = 10'000'000;
  for (std::uint64_t time :
       {time::monotonic(),
        time::monotonic() - threads::ampoule_cpu_time(nullptr)}) {
    text.number(time / kNanosecondsPerSecond) << ".";
    std::uint64_t rest = time % kNanosecondsPerSecond / kHundredth;
    text.number(rest / 10).number(rest % 10) << " ";
  }
  text << "\n";
}

/// RFC 9562, version 4.
void writeUuid(Text &text) {
  std::uint8_t bytes[16];
  sys_getrandom(reinterpret_cast<long>(bytes), sizeof(bytes), 0, 0, 0, 0);
  bytes[6] = static_cast<std::uint8_t>((bytes[6] & 0x0f) | 0x40);
  bytes[8] = static_cast<std::uint8_t>((bytes[8] & 0x3f) | 0x80);
  for (unsigned i = 0; i != sizeof(bytes); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10)
      text << "-";
    text.hex(bytes[i], 2);
  }
  text << "\n";
}

void writeComm(Text &text) {
  char name[16] = {}; // TASK_COMM_LEN
  const char *whole = programName();
  for (unsigned i = 0; i + 1 < sizeof(name) && whole[i]; ++i)
    name[i] = whole[i];
  text << name << "\n";
}

void writeVersion(Text &text) {
  text << "Linux version 6.1.0 (Ampoule, the interface only)\n";
}
void writeHost(Text &text) { text << ampoule_config_hostname << "\n"; }

void writeAmpoule(Text &text) {
  text << "build ";
  for (unsigned i = 0; i != kBuildIdSize; ++i)
    text.hex(static_cast<std::uint8_t>(__ampoule_build_id[i]), 2);
  text << "\non "
       << (xen::isPv()        ? "Xen, PV"
           : xen::isPresent() ? "Xen, PVH"
                              : "a bare machine")
       << "\nseal " << (xen::isPv() ? "wx" : "static") << "\n";
}

struct Entry {
  const char *name; ///< behind /proc/
  void (*write)(Text &);
};
constexpr Entry kEntries[] = {
    {"self/comm", writeComm},
    {"self/maps", writeMaps},
    {"self/status", writeStatus},
    {"self/stat", writeStat},
    {"self/statm", writeStatm},
    {"meminfo", writeMemory},
    {"cpuinfo", writeProcessor},
    {"uptime", writeUptime},
    {"version", writeVersion},
    {"sys/kernel/hostname", writeHost},
    {"sys/kernel/random/uuid", writeUuid},
    {"ampoule", writeAmpoule},
};

bool isEqual(const char *a, const char *b) {
  return __builtin_strcmp(a, b) == 0;
}

/// Null: it is not in /proc.
const char *behindProc(const char *path) {
  constexpr char kProc[] = "/proc/";
  constexpr std::size_t kLength = sizeof(kProc) - 1;
  return __builtin_strncmp(path, kProc, kLength) == 0 ? path + kLength
                                                      : nullptr;
}

/// A text that lies in a page, or in words that end with zeros.
class ProcFile final : public File {
public:
  ProcFile(const char *text, std::size_t size, void *page)
      : File(kRegular | 0444, 0, false, kReadOnlyAccess), text(text),
        size(size), page(page) {}

  long read(char *buffer, std::size_t room) override {
    long count = readAt(buffer, room, offset);
    offset += static_cast<std::uint64_t>(count);
    return count;
  }
  long write(const char *, std::size_t) override { return -kBadDescriptor; }
  long readAt(char *buffer, std::size_t room, std::uint64_t from) override {
    std::size_t left = from < size ? size - from : 0;
    std::size_t count = room < left ? room : left;
    __builtin_memcpy(buffer, text + from, count);
    return static_cast<long>(count);
  }
  long seek(std::int64_t distance, long whence) override {
    std::int64_t origin = whence == 1 ? static_cast<std::int64_t>(offset) : 0;
    if (whence < 0 || whence > 1 || origin + distance < 0)
      return -kInvalid;
    offset = static_cast<std::uint64_t>(origin + distance);
    return origin + distance;
  }
  void release() override {
    if (page)
      memory::release(page, 1);
    memory::destroy(this);
  }

private:
  const char *text;
  std::size_t size;
  void *page;
  std::uint64_t offset = 0;
};

File *makeFile(void *page, std::size_t size) {
  auto *file =
      memory::make<ProcFile>(static_cast<const char *>(page), size, page);
  if (!file)
    memory::release(page, 1);
  return file;
}

/// Each with its zero.
File *openWords(char **words) {
  auto *page = static_cast<char *>(memory::allocate(1));
  if (!page)
    return nullptr;
  std::size_t size = 0;
  for (; words && *words; ++words) {
    std::size_t length = __builtin_strlen(*words) + 1;
    if (length > kSize - size)
      break;
    __builtin_memcpy(page + size, *words, length);
    size += length;
  }
  return makeFile(page, size);
}

} // namespace

File *posix::openProcFile(const char *path) {
  const char *name = behindProc(path);
  if (!name)
    return nullptr;
  if (isEqual(name, "self/cmdline"))
    return openWords(ampoule_arguments);
  if (isEqual(name, "self/environ"))
    return openWords(__environ);
  for (const Entry &entry : kEntries)
    if (isEqual(name, entry.name)) {
      // A Text is a page, which is kept, and its size.
      auto *room =
          static_cast<char *>(memory::allocate(sizeof(Text) / kSize + 1));
      if (!room)
        return nullptr;
      auto *text = new (room) Text();
      entry.write(*text);
      std::size_t size = __builtin_strlen(text->get());
      memory::release(room + kSize, sizeof(Text) / kSize);
      return makeFile(room, size);
    }
  return nullptr;
}

const char *posix::findProcLink(const char *path) {
  const char *name = behindProc(path);
  return name && isEqual(name, "self/exe") && ampoule_arguments
             ? ampoule_arguments[0]
             : nullptr;
}
