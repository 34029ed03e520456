// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The values of AMPOULE_PARAMETER. Where the program has none, the linker's
// table is empty and only the refusal is left of this.
#include "libos/abi/parameter.h"
#include "libos/console/line.h"
#include "libos/shutdown/shutdown.h"
#include "libos/start/start.h"

namespace ampoule::start {
namespace {

using abi::Parameter;
using console::Line;
using Kind = detail::ParameterKind;

constexpr int kUsageStatus = 64; // sysexits.h, EX_USAGE

/// What may stand for false and true, by turns.
constexpr char kTruths[] = "0\0001\0false\0true\0no\0yes\0off\0on\0";

/// Moves `text` behind the prefix, if it begins with it.
bool consume(const char *&text, const char *prefix) {
  const char *at = text;
  while (*prefix)
    if (*at++ != *prefix++)
      return false;
  text = at;
  return true;
}

bool isEqual(const char *a, const char *b) { return consume(a, b) && !*a; }

/// The place of `text` among choices; -1: it is none of them.
long find(const char *choices, const char *text) {
  for (long index = 0; *choices; ++index) {
    if (isEqual(text, choices))
      return index;
    while (*choices++)
      ;
  }
  return -1;
}

/// Decimal, or hexadecimal after 0x.
bool readNumber(const char *text, std::uint64_t &value) {
  unsigned base = consume(text, "0x") ? 16 : 10;
  value = 0;
  if (!*text)
    return false;
  for (; *text; ++text) {
    char c = static_cast<char>(*text | 0x20);
    unsigned digit = *text >= '0' && *text <= '9' ? unsigned(*text - '0')
                     : c >= 'a' && c <= 'f'       ? unsigned(c - 'a') + 10
                                                  : base;
    if (digit >= base || __builtin_mul_overflow(value, base, &value) ||
        __builtin_add_overflow(value, digit, &value))
      return false;
  }
  return true;
}

bool readSigned(const char *text, std::uint64_t &value) {
  constexpr std::uint64_t kSign = std::uint64_t{1} << 63;
  bool isNegative = consume(text, "-");
  if (!readNumber(text, value) || value > kSign - 1 + isNegative)
    return false;
  if (isNegative)
    value = -value;
  return true;
}

/// False: the text does not fit.
bool set(const Parameter &parameter, const char *text) {
  std::uint64_t value = 0;
  switch (parameter.kind) {
  case Kind::Boolean:
  case Kind::Choice: {
    bool isBoolean = parameter.kind == Kind::Boolean;
    long index = find(isBoolean ? kTruths : parameter.choices, text);
    if (index < 0)
      return false;
    value = static_cast<std::uint64_t>(isBoolean ? index & 1 : index);
    break;
  }
  case Kind::Signed: {
    if (!readSigned(text, value))
      return false;
    auto number = static_cast<std::int64_t>(value);
    if (number < static_cast<std::int64_t>(parameter.least) ||
        number > static_cast<std::int64_t>(parameter.most))
      return false;
    break;
  }
  case Kind::Unsigned:
    if (!readNumber(text, value) || value < parameter.least ||
        value > parameter.most)
      return false;
    break;
  case Kind::Text:
    if (parameter.most && __builtin_strlen(text) > parameter.most)
      return false;
    value = reinterpret_cast<std::uint64_t>(text);
    break;
  }
  __builtin_memcpy(parameter.value, &value, parameter.size);
  return true;
}

void describe(const Parameter &parameter, Line &line) {
  switch (parameter.kind) {
  case Kind::Boolean:
    line << "true or false";
    return;
  case Kind::Signed:
    (line << "an integer from ")
        .integer(static_cast<std::int64_t>(parameter.least));
    (line << " to ").integer(static_cast<std::int64_t>(parameter.most));
    return;
  case Kind::Unsigned:
    (line << "an integer from ").number(parameter.least);
    (line << " to ").number(parameter.most);
    return;
  case Kind::Text:
    (line << "text of at most ").number(parameter.most) << " characters";
    return;
  case Kind::Choice:
    line << "one of";
    for (const char *choice = parameter.choices; *choice;) {
      line << " " << choice;
      while (*choice++)
        ;
    }
    return;
  }
}

/// `parameter` is null if the image has none of that name.
[[noreturn]] void refuse(const char *word, const Parameter *parameter) {
  if (console::says(LogLevel::Error)) {
    Line line;
    line << "ampoule: error: " << word << ": ";
    if (parameter) {
      line << "expected ";
      describe(*parameter, line);
    } else {
      line << "the image has no such parameter";
    }
  }
  shutdown::end(shutdown::Kind::Exit, kUsageStatus);
}

} // namespace

bool setParameter(const char *word) {
  const char *assignment = word;
  if (!consume(assignment, "ampoule."))
    return false;
  for (const Parameter *parameter = ampoule_parameters; parameter->name;
       ++parameter) {
    const char *value = assignment;
    if (!consume(value, parameter->name) || !consume(value, "="))
      continue;
    if (!set(*parameter, value))
      refuse(word, parameter);
    return true;
  }
  refuse(word, nullptr);
}

} // namespace ampoule::start
