// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Values are read as the image itself reads them (libos/start/parameters.cpp).
#include "linker/Parameter.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"

using namespace llvm;

namespace ampoule::linker {

std::string showType(const Parameter &parameter) {
  switch (parameter.kind) {
  case ParameterKind::Boolean:
    return "true or false";
  case ParameterKind::Signed:
    return "an integer from " +
           itostr(static_cast<std::int64_t>(parameter.least)) + " to " +
           itostr(static_cast<std::int64_t>(parameter.most));
  case ParameterKind::Unsigned:
    return "an integer from " + utostr(parameter.least) + " to " +
           utostr(parameter.most);
  case ParameterKind::Text:
    return parameter.most == 0
               ? "text"
               : "text of at most " + utostr(parameter.most) + " characters";
  case ParameterKind::Choice:
    return "one of " + join(parameter.choices, ", ");
  }
  llvm_unreachable("unknown kind");
}

static std::optional<std::uint64_t> parse(const Parameter &parameter,
                                          StringRef text) {
  switch (parameter.kind) {
  case ParameterKind::Boolean:
    return StringSwitch<std::optional<std::uint64_t>>(text)
        .Cases({"0", "false", "no", "off"}, 0)
        .Cases({"1", "true", "yes", "on"}, 1)
        .Default(std::nullopt);
  case ParameterKind::Signed:
    if (std::int64_t value;
        to_integer(text, value, text.contains("0x") ? 0 : 10) &&
        value >= static_cast<std::int64_t>(parameter.least) &&
        value <= static_cast<std::int64_t>(parameter.most))
      return static_cast<std::uint64_t>(value);
    return std::nullopt;
  case ParameterKind::Unsigned:
    if (std::uint64_t value;
        to_integer(text, value, text.starts_with("0x") ? 0 : 10) &&
        value >= parameter.least && value <= parameter.most)
      return value;
    return std::nullopt;
  case ParameterKind::Text:
    if (parameter.most == 0 || text.size() <= parameter.most)
      return 0;
    return std::nullopt;
  case ParameterKind::Choice:
    if (auto it = find(parameter.choices, text); it != parameter.choices.end())
      return it - parameter.choices.begin();
    return std::nullopt;
  }
  llvm_unreachable("unknown kind");
}

Expected<std::uint64_t> parseValue(const Parameter &parameter, StringRef text) {
  if (std::optional<std::uint64_t> value = parse(parameter, text))
    return *value;
  return createStringError("expected " + showType(parameter));
}

Error unknownParameter(StringRef name, ArrayRef<StringRef> known) {
  std::string message = ("unknown parameter '" + name + "'").str();
  const StringRef *nearest = min_element(known, [&](StringRef a, StringRef b) {
    return a.edit_distance(name) < b.edit_distance(name);
  });
  if (nearest == known.end())
    message += "; the image has none";
  else if (nearest->edit_distance(name) <= 2)
    message += "; did you mean '" + nearest->str() + "'?";
  else
    message += "; the image has " + join(known, ", ");
  return createStringError(message);
}

} // namespace ampoule::linker
