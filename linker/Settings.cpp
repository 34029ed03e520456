// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "linker/Settings.h"
#include "xen-boot/abi/layout.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MathExtras.h"

using namespace llvm;

namespace ampoule::linker {
namespace {

constexpr std::uint64_t kKiB = 1u << 10, kMiB = 1u << 20;

constexpr SettingInfo kInfos[detail::kSettings] = {
    {"memory", "Memory of the domain", SettingInfo::Size, kMiB},
    {"memory-max", "Most memory that the image can use", SettingInfo::Size,
     kMiB},
    {"stack", "Size of the main stack", SettingInfo::Size, kKiB},
    {"hostname", "Host name", SettingInfo::Text, 0},
    {"log", "What the library OS says on the console", SettingInfo::Choice, 0},
};

/// In the order of LogLevel.
constexpr StringLiteral kLogLevels[] = {"none", "error", "warning", "info"};

/// A size with an optional K, M or G suffix; without one it counts `unit`s.
Expected<std::uint64_t> parseSize(StringRef text, std::uint64_t unit) {
  StringRef digits = text;
  std::uint64_t scale = unit;
  if (digits.consume_back_insensitive("g"))
    scale = 1u << 30;
  else if (digits.consume_back_insensitive("m"))
    scale = kMiB;
  else if (digits.consume_back_insensitive("k"))
    scale = kKiB;
  std::uint64_t value;
  if (digits.getAsInteger(10, value) || value == 0 ||
      value > UINT64_MAX / scale)
    return createStringError("expected a number, K, M or G");
  return value * scale;
}

} // namespace

const SettingInfo &infoOf(SettingId id) {
  return kInfos[static_cast<std::uint32_t>(id)];
}

ArrayRef<StringLiteral> logLevels() { return kLogLevels; }

std::optional<StringRef> whyInvalid(SettingId id, const Setting &setting) {
  switch (id) {
  case SettingId::Memory:
  case SettingId::MemoryMax:
    if (!detail::isMemory(setting.number))
      return "memory is whole MiB, from 4M to 4032M";
    return std::nullopt;
  case SettingId::Stack:
    if (!detail::isStack(setting.number))
      return "a stack has 4K to 1G";
    return std::nullopt;
  case SettingId::Hostname:
    if (!detail::isHostname(setting.text.c_str()))
      return "a host name has 1 to 64 letters, digits, '-' and '.'";
    return std::nullopt;
  case SettingId::Log:
    if (setting.number >= std::size(kLogLevels))
      return "expected none, error, warning or info";
    return std::nullopt;
  }
  llvm_unreachable("unknown setting");
}

Expected<Setting> parseSetting(SettingId id, StringRef value,
                               std::uint64_t unit) {
  Setting setting;
  switch (infoOf(id).kind) {
  case SettingInfo::Size: {
    Expected<std::uint64_t> size = parseSize(value, unit);
    if (!size)
      return size.takeError();
    setting.number = *size;
    break;
  }
  case SettingInfo::Text:
    setting.text = value.str();
    break;
  case SettingInfo::Choice:
    setting.number = find(kLogLevels, value) - std::begin(kLogLevels);
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
  case SettingInfo::Text:
    return setting.text;
  case SettingInfo::Choice:
    return kLogLevels[setting.number].str();
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
  fallback(SettingId::Memory, std::min(abi::kDefaultMemory, memoryMax()));
  fallback(SettingId::Log, static_cast<std::uint32_t>(LogLevel::Warning));
  if (!(*this)[SettingId::Hostname].isStated())
    (*this)[SettingId::Hostname].text = "ampoule";
  Setting &most = (*this)[SettingId::MemoryMax];
  most.number = alignDown(most.number, abi::kLargePageSize);
  Setting &stack = (*this)[SettingId::Stack];
  stack.number = alignTo(stack.number, abi::kPageSize);
}

} // namespace ampoule::linker
