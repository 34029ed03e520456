// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "linker/Settings.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MathExtras.h"

using namespace llvm;

namespace ampoule::linker {
namespace {

constexpr std::uint64_t kKiB = 1u << 10, kMiB = 1u << 20;
constexpr std::uint64_t kMillisecond = 1000, kSecond = 1'000'000;

constexpr SettingInfo kInfos[detail::kSettings] = {
    {"memory", "Memory of the domain", SettingInfo::Size, kMiB},
    {"memory-max", "Most memory that the image can use", SettingInfo::Size,
     kMiB},
    {"stack", "Size of the main stack", SettingInfo::Size, kKiB},
    {"threads", "Most threads beside the main one", SettingInfo::Count, 1},
    {"thread-stack", "Size of each thread's stack", SettingInfo::Size, kKiB},
    {"time-slice", "How long a thread runs while others are ready",
     SettingInfo::Duration, kMillisecond},
    {"hostname", "Host name", SettingInfo::Text, 0},
    {"address", "Address of the first network interface", SettingInfo::Text, 0},
    {"gateway", "Gateway of a network without DHCP", SettingInfo::Text, 0},
    {"nameservers", "Name servers, with commas between them", SettingInfo::Text,
     0},
    {"ipv6", "Whether there is IPv6", SettingInfo::Choice, 0},
    {"log", "What the library OS says on the console", SettingInfo::Choice, 0},
    {"disks", "Disks of the domain that the program can use",
     SettingInfo::Count, 1},
    {"mount", "Where file systems on disks are", SettingInfo::Text, 0},
};

/// In the order of LogLevel.
constexpr StringLiteral kLogLevels[] = {"none", "error", "warning", "info"};
constexpr StringLiteral kOffOn[] = {"off", "on"};

struct Suffix {
  StringLiteral text;
  std::uint64_t scale;
};
constexpr Suffix kSizes[] = {{"g", 1u << 30}, {"m", kMiB}, {"k", kKiB}};
constexpr Suffix kDurations[] = {
    {"us", 1}, {"ms", kMillisecond}, {"s", kSecond}};

/// A number with one of the suffixes, or none: then it counts `unit`s.
Expected<std::uint64_t> parseNumber(StringRef text, ArrayRef<Suffix> suffixes,
                                    std::uint64_t unit, const char *expected) {
  std::uint64_t scale = unit;
  for (const Suffix &suffix : suffixes)
    if (text.consume_back_insensitive(suffix.text)) {
      scale = suffix.scale;
      break;
    }
  std::uint64_t value;
  if (text.getAsInteger(10, value) || value == 0 || value > UINT64_MAX / scale)
    return createStringError(expected);
  return value * scale;
}

Expected<std::uint64_t> parseNumber(const SettingInfo &info, StringRef text,
                                    std::uint64_t unit) {
  switch (info.kind) {
  case SettingInfo::Size:
    return parseNumber(text, kSizes, unit, "expected a number, K, M or G");
  case SettingInfo::Duration:
    return parseNumber(text, kDurations, unit,
                       "expected a number, us, ms or s");
  default:
    return parseNumber(text, {}, 1, "expected a number");
  }
}

} // namespace

const SettingInfo &infoOf(SettingId id) {
  return kInfos[static_cast<std::uint32_t>(id)];
}

ArrayRef<StringLiteral> choicesOf(SettingId id) {
  return id == SettingId::Log ? ArrayRef<StringLiteral>(kLogLevels)
                              : ArrayRef<StringLiteral>(kOffOn);
}

bool canBeAtBoot(SettingId id) {
  return id == SettingId::Log ||
         (infoOf(id).kind == SettingInfo::Text && id != SettingId::Mount);
}

std::uint64_t mostCharacters(SettingId id) {
  switch (id) {
  case SettingId::Address:
    return detail::kLongestAddress;
  case SettingId::Gateway:
    return detail::kLongestGateway;
  case SettingId::Nameservers:
    return detail::kLongestNameservers;
  default:
    return detail::kLongestHostname;
  }
}

std::optional<StringRef> whyInvalid(SettingId id, const Setting &setting) {
  switch (id) {
  case SettingId::Memory:
  case SettingId::MemoryMax:
    if (!detail::isMemory(setting.number))
      return "memory is whole MiB, from 4M to 256G";
    return std::nullopt;
  case SettingId::Stack:
  case SettingId::ThreadStack:
    if (!detail::isStack(setting.number))
      return "a stack has 4K to 1G";
    return std::nullopt;
  case SettingId::Threads:
    if (!detail::isThreads(setting.number))
      return "an image has 1 to 4096 threads";
    return std::nullopt;
  case SettingId::TimeSlice:
    if (!detail::isTimeSlice(setting.number))
      return "a time slice has 100us to 10s";
    return std::nullopt;
  case SettingId::Hostname:
    if (!detail::isHostname(setting.text.c_str()))
      return "a host name has 1 to 64 letters, digits, '-' and '.'";
    return std::nullopt;
  case SettingId::Address:
    if (!detail::isAddress(setting.text.c_str()))
      return "an address is 'dhcp', or A.B.C.D/BITS";
    return std::nullopt;
  case SettingId::Gateway:
    if (!detail::isGateway(setting.text.c_str()))
      return "a gateway is A.B.C.D";
    return std::nullopt;
  case SettingId::Nameservers:
    if (!detail::isNameservers(setting.text.c_str()))
      return "name servers are addresses with commas between them";
    return std::nullopt;
  case SettingId::Ipv6:
    if (setting.number >= std::size(kOffOn))
      return "expected off or on";
    return std::nullopt;
  case SettingId::Log:
    if (setting.number >= std::size(kLogLevels))
      return "expected none, error, warning or info";
    return std::nullopt;
  case SettingId::Disks:
    if (!detail::isDisks(setting.number))
      return "an image has 1 to 8 disks";
    return std::nullopt;
  case SettingId::Mount:
    if (!detail::isMount(setting.text.c_str()))
      return "a mount is like xvda:/data";
    return std::nullopt;
  }
  llvm_unreachable("unknown setting");
}

Expected<Setting> parseSetting(SettingId id, StringRef value,
                               std::uint64_t unit) {
  Setting setting;
  switch (infoOf(id).kind) {
  case SettingInfo::Size:
  case SettingInfo::Count:
  case SettingInfo::Duration: {
    Expected<std::uint64_t> number = parseNumber(infoOf(id), value, unit);
    if (!number)
      return number.takeError();
    setting.number = *number;
    break;
  }
  case SettingInfo::Text:
    setting.text = value.str();
    break;
  case SettingInfo::Choice:
    setting.number = find(choicesOf(id), value) - choicesOf(id).begin();
    break;
  }
  if (std::optional<StringRef> why = whyInvalid(id, setting))
    return createStringError(*why);
  return setting;
}

std::string showValue(SettingId id, const Setting &setting) {
  switch (infoOf(id).kind) {
  case SettingInfo::Size:
    return setting.number % kMiB == 0   ? utostr(setting.number / kMiB) + "M"
           : setting.number % kKiB == 0 ? utostr(setting.number / kKiB) + "K"
                                        : utostr(setting.number);
  case SettingInfo::Count:
    return utostr(setting.number);
  case SettingInfo::Duration:
    return setting.number % kSecond == 0
               ? utostr(setting.number / kSecond) + "s"
           : setting.number % kMillisecond == 0
               ? utostr(setting.number / kMillisecond) + "ms"
               : utostr(setting.number) + "us";
  case SettingInfo::Text:
    return setting.text;
  case SettingInfo::Choice:
    return choicesOf(id)[setting.number].str();
  }
  llvm_unreachable("unknown kind");
}

void Settings::complete() {
  auto fallback = [&](SettingId id, std::uint64_t number) {
    if (!(*this)[id].isStated())
      (*this)[id].number = number;
  };
  fallback(SettingId::MemoryMax, abi::kDefaultMemoryMax);
  fallback(SettingId::Stack, abi::kDefaultStackSize);
  fallback(SettingId::Threads, abi::kDefaultThreads);
  fallback(SettingId::ThreadStack, abi::kDefaultThreadStackSize);
  fallback(SettingId::TimeSlice, abi::kDefaultTimeSlice);
  fallback(SettingId::Memory, std::min(abi::kDefaultMemory, memoryMax()));
  fallback(SettingId::Log, static_cast<std::uint32_t>(LogLevel::Warning));
  fallback(SettingId::Ipv6, 1);
  if (!(*this)[SettingId::Hostname].isStated())
    (*this)[SettingId::Hostname].text = "ampoule";
  if (!(*this)[SettingId::Address].isStated())
    (*this)[SettingId::Address].text = "dhcp";
  Setting &most = (*this)[SettingId::MemoryMax];
  most.number = alignDown(most.number, abi::kLargePageSize);
  for (SettingId id : {SettingId::Stack, SettingId::ThreadStack})
    (*this)[id].number = alignTo((*this)[id].number, abi::kPageSize);
}

} // namespace ampoule::linker
