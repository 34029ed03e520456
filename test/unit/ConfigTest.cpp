// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "linker/Parameter.h"
#include "linker/Settings.h"

#include <gtest/gtest.h>

using namespace ampoule::linker;
using llvm::StringRef;

namespace {

std::uint64_t size(SettingId id, StringRef text) {
  llvm::Expected<Setting> value = parseSetting(id, text, infoOf(id).unit);
  EXPECT_TRUE(bool(value)) << text.str();
  return value ? value->number : 0;
}

std::string refusal(SettingId id, StringRef text) {
  llvm::Expected<Setting> value = parseSetting(id, text, infoOf(id).unit);
  return value ? "none" : toString(value.takeError());
}

TEST(ParseSetting, Units) {
  EXPECT_EQ(size(SettingId::Memory, "64"), 64u << 20);
  EXPECT_EQ(size(SettingId::Memory, "65536K"), 64u << 20);
  EXPECT_EQ(size(SettingId::MemoryMax, "2G"), 2ull << 30);
  EXPECT_EQ(size(SettingId::MemoryMax, "256G"), 256ull << 30);
  EXPECT_EQ(size(SettingId::MemoryMax, "1g"), 1ull << 30);
  EXPECT_EQ(size(SettingId::Stack, "64"), 64u << 10);
  EXPECT_EQ(size(SettingId::Stack, "1M"), 1u << 20);
  EXPECT_EQ(size(SettingId::TimeSlice, "3"), 3000u);
  EXPECT_EQ(size(SettingId::TimeSlice, "250us"), 250u);
  EXPECT_EQ(size(SettingId::TimeSlice, "2s"), 2'000'000u);
  EXPECT_EQ(size(SettingId::Threads, "7"), 7u);
}

TEST(ParseSetting, NotASize) {
  for (StringRef text : {"", "K", "-1", "0", "1.5M", "12X", "1KK",
                         "99999999999999999999", "17179869184G"})
    EXPECT_EQ(refusal(SettingId::Stack, text),
              "expected a number, K, M or G")
        << text.str();
}

TEST(ParseSetting, OutOfRange) {
  for (StringRef text : {"3M", "262145M", "257G", "4097K"})
    EXPECT_EQ(refusal(SettingId::Memory, text),
              "memory is whole MiB, from 4M to 256G")
        << text.str();
  for (StringRef text : {"3K", "2G"})
    EXPECT_EQ(refusal(SettingId::Stack, text), "a stack has 4K to 1G")
        << text.str();
  for (StringRef text : {"", "a b", "a_b"})
    EXPECT_EQ(refusal(SettingId::Hostname, text),
              "a host name has 1 to 64 letters, digits, '-' and '.'")
        << text.str();
  EXPECT_EQ(refusal(SettingId::Threads, "8K"), "expected a number");
  EXPECT_EQ(refusal(SettingId::TimeSlice, "99us"),
            "a time slice has 100us to 10s");
  EXPECT_EQ(refusal(SettingId::Log, "debug"),
            "expected none, error, warning or info");
}

TEST(ParseSetting, RoundTrip) {
  for (auto [id, text] : {std::pair(SettingId::Memory, "33M"),
                          std::pair(SettingId::Stack, "68K"),
                          std::pair(SettingId::Threads, "4096"),
                          std::pair(SettingId::TimeSlice, "1500us"),
                          std::pair(SettingId::TimeSlice, "20ms"),
                          std::pair(SettingId::TimeSlice, "1s"),
                          std::pair(SettingId::Hostname, "a-b.c"),
                          std::pair(SettingId::Log, "none"),
                          std::pair(SettingId::Log, "info")})
    EXPECT_EQ(showValue(id, cantFail(parseSetting(id, text, 1))), text);
}

/// "-" for a refusal.
std::string value(const Parameter &parameter, StringRef text) {
  llvm::Expected<std::uint64_t> value = parseValue(parameter, text);
  if (value)
    return std::to_string(static_cast<std::int64_t>(*value));
  EXPECT_EQ(toString(value.takeError()), "expected " + showType(parameter));
  return "-";
}

TEST(ParseValue, Integers) {
  Parameter parameter;
  parameter.kind = ParameterKind::Signed;
  parameter.least = static_cast<std::uint64_t>(-3);
  parameter.most = 20;
  EXPECT_EQ(showType(parameter), "an integer from -3 to 20");
  for (auto [text, expected] :
       {std::pair("-3", "-3"), std::pair("-4", "-"), std::pair("20", "20"),
        std::pair("21", "-"), std::pair("0x14", "20"), std::pair("-0x2", "-2"),
        std::pair("", "-"), std::pair("-", "-"), std::pair("1x", "-"),
        std::pair("0x", "-"), std::pair("010", "10"), std::pair("+1", "-"),
        std::pair(" 1", "-"), std::pair("18446744073709551615", "-")})
    EXPECT_EQ(value(parameter, text), expected) << text;
  parameter.kind = ParameterKind::Unsigned;
  parameter.least = 0;
  parameter.most = ~0ull;
  for (auto [text, expected] :
       {std::pair("0", "0"), std::pair("18446744073709551615", "-1"),
        std::pair("18446744073709551616", "-"), std::pair("-1", "-"),
        std::pair("0xffffffffffffffff", "-1"), std::pair("0b1", "-")})
    EXPECT_EQ(value(parameter, text), expected) << text;
}

TEST(ParseValue, Words) {
  Parameter parameter;
  parameter.kind = ParameterKind::Boolean;
  for (auto [text, expected] :
       {std::pair("yes", "1"), std::pair("no", "0"), std::pair("on", "1"),
        std::pair("false", "0"), std::pair("", "-"), std::pair("2", "-")})
    EXPECT_EQ(value(parameter, text), expected) << text;
  parameter.kind = ParameterKind::Choice;
  parameter.choices = {"none", "error"};
  EXPECT_EQ(value(parameter, "error"), "1");
  EXPECT_EQ(value(parameter, "err"), "-");
  parameter.kind = ParameterKind::Text;
  EXPECT_EQ(value(parameter, ""), "0");
  parameter.most = 2;
  EXPECT_EQ(value(parameter, "ab"), "0");
  EXPECT_EQ(value(parameter, "abc"), "-");
}

} // namespace
