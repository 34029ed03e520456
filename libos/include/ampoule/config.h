// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The configuration of an image, stated in the program:
//
//   #include <ampoule/config.h>
//   using namespace ampoule::literals;
//
//   AMPOULE_CONFIG config = ampoule::Config()
//                               .memory(32_MiB)
//                               .stack(64_KiB)
//                               .hostname("greeter", ampoule::AtBoot())
//                               .log(ampoule::LogLevel::Error);
//
// The linker reads it, and no byte of it is in the image. What it rules out is
// pruned. Each setting can be given to the linker, too (--ampoule-memory=32M);
// one that is stated twice and differently is an error that names both places.
// It counts in any object that is part of the program: not in a member of an
// archive that nothing refers to. C++14 and later.
#pragma once

#include <stdint.h>

namespace ampoule {

/// A number of bytes.
struct Size {
  uint64_t bytes;
};

/// A span of time.
struct Duration {
  uint64_t microseconds;
};

namespace literals {
constexpr Duration operator""_us(unsigned long long count) {
  return {static_cast<uint64_t>(count)};
}
constexpr Duration operator""_ms(unsigned long long count) {
  return {static_cast<uint64_t>(count) * 1000};
}
constexpr Size operator""_KiB(unsigned long long count) {
  return {static_cast<uint64_t>(count) << 10};
}
constexpr Size operator""_MiB(unsigned long long count) {
  return {static_cast<uint64_t>(count) << 20};
}
constexpr Size operator""_GiB(unsigned long long count) {
  return {static_cast<uint64_t>(count) << 30};
}
} // namespace literals

/// What the library OS says on the console; each level says what those before
/// it say, too. None is silent even when the program crashes; its exit status
/// tells.
enum class LogLevel : uint32_t {
  None,
  Error,   ///< the end by a crash, with registers and callers
  Warning, ///< the first refusal of each system call
  Info,    ///< one line at boot
};

/// The value is a default, which ampoule.NAME=VALUE on the image's command line
/// replaces: the setting is a parameter (ampoule/parameter.h), and prunes
/// nothing.
struct AtBoot {};

namespace detail {

enum class SettingId : uint32_t {
  Memory,
  MemoryMax,
  Stack,
  Threads,
  ThreadStack,
  TimeSlice,
  Hostname,
  Address,
  Gateway,
  Nameservers,
  Ipv6,
  Log,
  Disks,
  Mount
};
constexpr uint32_t kSettings = 14;

/// As the linker reads it.
struct Setting {
  const char *file; ///< null: not stated
  const char *text;
  uint64_t number;
  uint32_t line;
  uint32_t isAtBoot;
};

constexpr uint32_t kEmbeds = 8;
struct Embed {
  const char *file; ///< null: none
  const char *folder, *mount;
  uint64_t line;
};

constexpr uint64_t kLeastMemory = 4u << 20;
constexpr uint64_t kMostMemory = 256ull << 30;
constexpr uint64_t kLeastStack = 4u << 10;
constexpr uint64_t kMostStack = 1u << 30;
constexpr unsigned kMostThreads = 4096;
constexpr uint64_t kLeastTimeSlice = 100;       // microseconds
constexpr uint64_t kMostTimeSlice = 10'000'000; // microseconds
constexpr unsigned kLongestHostname = 64;       // HOST_NAME_MAX
constexpr unsigned kMostDisks = 8;
constexpr unsigned kLongestMount = 255;

constexpr bool isMemory(uint64_t bytes) {
  return bytes >= kLeastMemory && bytes <= kMostMemory &&
         bytes % (1u << 20) == 0;
}

constexpr bool isStack(uint64_t bytes) {
  return bytes >= kLeastStack && bytes <= kMostStack;
}

constexpr bool isThreads(uint64_t count) {
  return count >= 1 && count <= kMostThreads;
}

constexpr bool isTimeSlice(uint64_t microseconds) {
  return microseconds >= kLeastTimeSlice && microseconds <= kMostTimeSlice;
}

constexpr bool isDisks(uint64_t count) {
  return count >= 1 && count <= kMostDisks;
}

/// Letters, digits, hyphens and dots (RFC 1123, 2.1).
constexpr bool isHostname(const char *name) {
  unsigned length = 0;
  for (; name[length]; ++length) {
    char c = name[length];
    if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') &&
        !(c >= '0' && c <= '9') && c != '-' && c != '.')
      return false;
  }
  return length >= 1 && length <= kLongestHostname;
}

constexpr unsigned kLongestAddress = 18;      // 255.255.255.255/32
constexpr unsigned kLongestGateway = 15;      // 255.255.255.255
constexpr unsigned kLongestNameservers = 127;

/// A decimal number up to `most` at the start of a text, or -1; moves past it.
constexpr int takeNumber(const char *&text, int most) {
  if (*text < '0' || *text > '9')
    return -1;
  int value = 0;
  for (; *text >= '0' && *text <= '9'; ++text) {
    value = value * 10 + (*text - '0');
    if (value > most)
      return -1;
  }
  return value;
}

/// Four numbers with dots between them at the start of a text, the first one
/// highest; moves past them. -1: there are none.
constexpr int64_t takeAddress(const char *&text) {
  int64_t result = 0;
  for (int i = 0; i != 4; ++i) {
    if (i && *text++ != '.')
      return -1;
    int part = takeNumber(text, 255);
    if (part < 0)
      return -1;
    result = result << 8 | part;
  }
  return result;
}

constexpr bool isDhcp(const char *text) {
  return text[0] == 'd' && text[1] == 'h' && text[2] == 'c' && text[3] == 'p' &&
         !text[4];
}

/// dhcp, or an address and how many bits of it are the network's.
constexpr bool isAddress(const char *text) {
  if (isDhcp(text))
    return true;
  return takeAddress(text) > 0 && *text++ == '/' && takeNumber(text, 32) > 0 &&
         !*text;
}

/// An address, or nothing.
constexpr bool isGateway(const char *text) {
  return !*text || (takeAddress(text) > 0 && !*text);
}

/// Addresses of either family, with commas between them, or nothing.
constexpr bool isNameservers(const char *text) {
  unsigned length = 0;
  for (; text[length]; ++length) {
    char c = text[length];
    bool isDigit = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') ||
                   (c >= 'A' && c <= 'F');
    bool isBetween = length && text[length + 1];
    if (!isDigit && c != ':' && !(isBetween && (c == '.' || c == ',')))
      return false;
  }
  return length <= kLongestNameservers;
}

/// How many disks a text of mounts needs: "xvda:/data", or several with commas
/// between them. -1: it is no such text; a path has no empty part, "." or "..".
constexpr int disksOf(const char *text) {
  int count = 0;
  const char *start = text;
  while (true) {
    for (const char *name = "xvd"; *name; ++name, ++text)
      if (*text != *name)
        return -1;
    int index = *text - 'a';
    if (index < 0 || index >= static_cast<int>(kMostDisks) || *++text != ':')
      return -1;
    count = index >= count ? index + 1 : count;
    if (*++text != '/')
      return -1;
    while (*text == '/') {
      const char *part = ++text;
      bool isDots = true;
      for (; *text && *text != '/' && *text != ','; ++text)
        isDots = isDots && *text == '.';
      if (isDots && text - part <= 2)
        return -1;
    }
    if (!*text)
      return text - start <= static_cast<int>(kLongestMount) ? count : -1;
    ++text;
  }
}

constexpr bool isMount(const char *text) { return disksOf(text) > 0; }

} // namespace detail

#ifdef __clang__
#define AMPOULE_REFUSE(condition, message)                                     \
  __attribute__((diagnose_if(condition, message, "error")))
#else
#define AMPOULE_REFUSE(condition, message)
#endif
#define AMPOULE_PLACE                                                          \
  const char *file = __builtin_FILE(), uint32_t line = __builtin_LINE()

class Config {
public:
  /// What the domain gets of memory, unless `ampoule run` or the toolstack says
  /// otherwise. Whole MiB, 4 MiB to 256 GiB. Default: 64 MiB, or memoryMax if
  /// that is less.
  constexpr Config memory(Size size, AMPOULE_PLACE) const
      AMPOULE_REFUSE(!detail::isMemory(size.bytes),
                     "memory is whole MiB, from 4 MiB to 256 GiB") {
    return with(detail::SettingId::Memory,
                {file, nullptr, size.bytes, line, 0});
  }

  /// The most that the image can use: its page tables map no more. Whole MiB,
  /// rounded down to 2 MiB, 4 MiB to 256 GiB. Default: 512 MiB.
  constexpr Config memoryMax(Size size, AMPOULE_PLACE) const
      AMPOULE_REFUSE(!detail::isMemory(size.bytes),
                     "memory is whole MiB, from 4 MiB to 256 GiB") {
    return with(detail::SettingId::MemoryMax,
                {file, nullptr, size.bytes, line, 0});
  }

  /// The stack of main, rounded up to whole pages, below it a page that is not
  /// mapped. 4 KiB to 1 GiB. Default: 256 KiB.
  constexpr Config stack(Size size, AMPOULE_PLACE) const
      AMPOULE_REFUSE(!detail::isStack(size.bytes),
                     "a stack has 4 KiB to 1 GiB") {
    return with(detail::SettingId::Stack, {file, nullptr, size.bytes, line, 0});
  }

  /// How many threads there can be beside the one of main: so many stacks are
  /// part of the image, if it can begin a thread at all. One more is EAGAIN.
  /// 1 to 4096. Default: 64.
  constexpr Config threads(uint64_t count, AMPOULE_PLACE) const
      AMPOULE_REFUSE(!detail::isThreads(count),
                     "an image has 1 to 4096 threads") {
    return with(detail::SettingId::Threads, {file, nullptr, count, line, 0});
  }

  /// The stack of each of them, rounded up to whole pages, below it a page that
  /// is not mapped; what pthread_attr_setstacksize() replaces. A thread that
  /// wants more gets it from the heap, without a guard. 4 KiB to 1 GiB. Default:
  /// 64 KiB.
  constexpr Config threadStack(Size size, AMPOULE_PLACE) const
      AMPOULE_REFUSE(!detail::isStack(size.bytes),
                     "a stack has 4 KiB to 1 GiB") {
    return with(detail::SettingId::ThreadStack,
                {file, nullptr, size.bytes, line, 0});
  }

  /// How long a thread runs before another one that is ready has its turn; it
  /// can be twice as long. 100 us to 10 s. Default: 10 ms.
  constexpr Config timeSlice(Duration slice, AMPOULE_PLACE) const
      AMPOULE_REFUSE(!detail::isTimeSlice(slice.microseconds),
                     "a time slice has 100 us to 10 s") {
    return with(detail::SettingId::TimeSlice,
                {file, nullptr, slice.microseconds, line, 0});
  }

  /// What gethostname() and uname() tell. Default: ampoule.
  constexpr Config hostname(const char *name, AMPOULE_PLACE) const
      AMPOULE_REFUSE(!detail::isHostname(name),
                     "a host name has 1 to 64 letters, digits, '-' and '.'") {
    return with(detail::SettingId::Hostname, {file, name, 0, line, 0});
  }
  constexpr Config hostname(const char *name, AtBoot, AMPOULE_PLACE) const
      AMPOULE_REFUSE(!detail::isHostname(name),
                     "a host name has 1 to 64 letters, digits, '-' and '.'") {
    return with(detail::SettingId::Hostname, {file, name, 0, line, 1});
  }

  /// Of the first network interface: "10.0.0.2/24", or "dhcp". Others have none
  /// if it is stated. Default: dhcp, for all.
  constexpr Config address(const char *text, AMPOULE_PLACE) const
      AMPOULE_REFUSE(!detail::isAddress(text), "an address is 'dhcp', or A.B.C.D/BITS") {
    return with(detail::SettingId::Address, {file, text, 0, line, 0});
  }
  constexpr Config address(const char *text, AtBoot, AMPOULE_PLACE) const
      AMPOULE_REFUSE(!detail::isAddress(text), "an address is 'dhcp', or A.B.C.D/BITS") {
    return with(detail::SettingId::Address, {file, text, 0, line, 1});
  }

  /// Where to send what is not on the network, with an address that is stated.
  /// Default: nowhere.
  constexpr Config gateway(const char *text, AMPOULE_PLACE) const
      AMPOULE_REFUSE(!detail::isGateway(text), "a gateway is A.B.C.D") {
    return with(detail::SettingId::Gateway, {file, text, 0, line, 0});
  }
  constexpr Config gateway(const char *text, AtBoot, AMPOULE_PLACE) const
      AMPOULE_REFUSE(!detail::isGateway(text), "a gateway is A.B.C.D") {
    return with(detail::SettingId::Gateway, {file, text, 0, line, 1});
  }

  /// "10.0.0.1,10.0.0.3": what /etc/resolv.conf names, if none is embedded.
  /// Default: what DHCP says.
  constexpr Config nameservers(const char *text, AMPOULE_PLACE) const
      AMPOULE_REFUSE(!detail::isNameservers(text), "name servers are addresses with commas between them") {
    return with(detail::SettingId::Nameservers, {file, text, 0, line, 0});
  }
  constexpr Config nameservers(const char *text, AtBoot, AMPOULE_PLACE) const
      AMPOULE_REFUSE(!detail::isNameservers(text), "name servers are addresses with commas between them") {
    return with(detail::SettingId::Nameservers, {file, text, 0, line, 1});
  }

  /// Whether there is IPv6, with addresses that routers announce. Default: if
  /// the program can use it.
  constexpr Config ipv6(bool isThere, AMPOULE_PLACE) const {
    return with(detail::SettingId::Ipv6, {file, nullptr, isThere, line, 0});
  }

  /// How many disks of the domain the program can use: /dev/xvda, /dev/xvdb, …
  /// 1 to 8. Default: none.
  constexpr Config disks(uint64_t count, AMPOULE_PLACE) const
      AMPOULE_REFUSE(!detail::isDisks(count), "an image has 1 to 8 disks") {
    return with(detail::SettingId::Disks, {file, nullptr, count, line, 0});
  }

  /// "xvda:/data": the FAT file system on a disk is the directory /data.
  /// Several have commas between them. Default: none.
  constexpr Config mount(const char *text, AMPOULE_PLACE) const
      AMPOULE_REFUSE(!detail::isMount(text), "a mount is like xvda:/data") {
    return with(detail::SettingId::Mount, {file, text, 0, line, 0});
  }

  /// Default: LogLevel::Warning.
  constexpr Config log(LogLevel level, AMPOULE_PLACE) const {
    return with(detail::SettingId::Log,
                {file, nullptr, static_cast<uint32_t>(level), line, 0});
  }
  constexpr Config log(LogLevel level, AtBoot, AMPOULE_PLACE) const {
    return with(detail::SettingId::Log,
                {file, nullptr, static_cast<uint32_t>(level), line, 1});
  }

  /// The files below a directory of the build are part of the image, read-only,
  /// below `mount`. A relative directory begins at this source file's. Up to 8.
  constexpr Config embed(const char *folder, const char *mount,
                         AMPOULE_PLACE) const
      AMPOULE_REFUSE(mount[0] != '/', "a mount begins with a slash") {
    Config result = *this;
    uint32_t index = 0;
    while (result.embeds[index].file) // past the end: more than 8
      ++index;
    result.embeds[index] = {file, folder, mount, line};
    return result;
  }

private:
  constexpr Config with(detail::SettingId id, detail::Setting setting) const {
    Config result = *this;
    result.settings[static_cast<uint32_t>(id)] = setting;
    return result;
  }

  detail::Setting settings[detail::kSettings] = {};
  detail::Embed embeds[detail::kEmbeds] = {};
};

#undef AMPOULE_REFUSE
#undef AMPOULE_PLACE

} // namespace ampoule

/// Declares the program's configuration, at file scope.
#define AMPOULE_CONFIG                                                         \
  [[gnu::used,                                                                 \
    gnu::section(".ampoule.config")]] static constexpr ::ampoule::Config
