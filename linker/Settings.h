// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The configuration of an image (ampoule/config.h) as values, each with the
// place that states it.
#pragma once

#include "libos/include/ampoule/config.h"
#include "xen-boot/abi/layout.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <algorithm>
#include <array>
#include <optional>
#include <string>

namespace ampoule::linker {

using SettingId = detail::SettingId;
inline constexpr SettingId kSettingIds[detail::kSettings] = {
    SettingId::Memory,      SettingId::MemoryMax,   SettingId::Stack,
    SettingId::Threads,     SettingId::ThreadStack, SettingId::TimeSlice,
    SettingId::Hostname,    SettingId::Address,     SettingId::Gateway,
    SettingId::Nameservers, SettingId::Ipv6,        SettingId::Log,
    SettingId::Disks,       SettingId::Mount};

struct Setting {
  /// Bytes, a count, microseconds, or an index of the choices.
  std::uint64_t number = 0;
  std::string text;
  std::string place; ///< file:line, or the option; empty: the default
  bool isAtBoot = false;

  bool isStated() const { return !place.empty(); }
  bool sameAs(const Setting &other) const {
    return number == other.number && text == other.text;
  }
};

/// What is known of a setting by itself.
struct SettingInfo {
  llvm::StringLiteral name;
  llvm::StringLiteral help;
  enum { Size, Count, Duration, Text, Choice } kind;
  std::uint64_t unit; ///< of a size or duration without a suffix

  bool isNumber() const { return kind != Text && kind != Choice; }
};

const SettingInfo &infoOf(SettingId id);
/// Of a Choice.
llvm::ArrayRef<llvm::StringLiteral> choicesOf(SettingId id);
/// Whether it can be a parameter, and how many characters it then has at most.
bool canBeAtBoot(SettingId id);
std::uint64_t mostCharacters(SettingId id);

/// The value of an option; a size without a suffix counts `unit`s. The error
/// tells what may be there.
llvm::Expected<Setting> parseSetting(SettingId id, llvm::StringRef value,
                                     std::uint64_t unit);
/// Nothing, or what a value has to be.
std::optional<llvm::StringRef> whyInvalid(SettingId id, const Setting &setting);
/// 64M, greeter, warning: as options take it.
std::string showValue(SettingId id, const Setting &setting);

class Settings {
public:
  Setting &operator[](SettingId id) {
    return values[static_cast<std::uint32_t>(id)];
  }
  const Setting &operator[](SettingId id) const {
    return values[static_cast<std::uint32_t>(id)];
  }
  std::uint64_t memoryMax() const {
    return (*this)[SettingId::MemoryMax].number;
  }
  /// What of it lies below the hole of a PVH domain, and what is left for 4 GiB
  /// on.
  std::uint64_t lowMemory() const {
    return std::min(memoryMax(), abi::kLowMemoryEnd);
  }
  std::uint64_t highMemory() const { return memoryMax() - lowMemory(); }
  std::uint64_t stack() const { return (*this)[SettingId::Stack].number; }
  std::uint64_t threads() const { return (*this)[SettingId::Threads].number; }
  std::uint64_t threadStack() const {
    return (*this)[SettingId::ThreadStack].number;
  }

  /// Fills in defaults and rounds.
  void complete();

private:
  std::array<Setting, detail::kSettings> values;
};

} // namespace ampoule::linker
