// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A value that an image gets when it boots (ampoule/parameter.h).
#pragma once

#include "libos/include/ampoule/parameter.h"

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <string>
#include <vector>

namespace ampoule::linker {

using ParameterKind = detail::ParameterKind;

struct Parameter {
  enum State {
    AtBoot,  ///< in the image
    Settled, ///< a constant since the link
    Unread,  ///< nothing reads it: not in the image
  };

  std::string name;
  std::string help;
  std::string place; ///< file:line
  ParameterKind kind = ParameterKind::Text;
  /// Of Signed: std::int64_t; of Text: `most` characters, or any if it is 0.
  std::uint64_t least = 0, most = 0;
  std::vector<std::string> choices; ///< of Choice
  std::string initial;              ///< as the command line would have it
  State state = Unread;
};

/// "true or false", "an integer from 1 to 65535", "one of a, b".
std::string showType(const Parameter &parameter);

/// A value as text: truth, the number, or the index of the choice. The error
/// tells what may be there.
llvm::Expected<std::uint64_t> parseValue(const Parameter &parameter,
                                         llvm::StringRef text);

/// The error for a name that is not among them: with the nearest that is.
llvm::Error unknownParameter(llvm::StringRef name,
                             llvm::ArrayRef<llvm::StringRef> known);

} // namespace ampoule::linker
