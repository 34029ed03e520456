// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// `ampoule diff`: what changed from one image to the next, and whether that is
// allowed.
#pragma once

#include "llvm/ADT/StringRef.h"
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ampoule::tools {

struct DiffRequest {
  llvm::StringRef before, after;        ///< images
  std::optional<std::int64_t> failOver; ///< bytes by which it may grow
  std::optional<std::int64_t> maxSize;  ///< bytes of the file
  std::vector<std::string> forbidden;   ///< globs of names
};

/// 0; 1 when a limit is exceeded, a forbidden name is in the second image, or a
/// report cannot be read.
int printDiff(const DiffRequest &request);

/// "1024", "4K", "1KiB", "2M", "+1KiB"; nothing for anything else.
std::optional<std::int64_t> parseBytes(llvm::StringRef text);

} // namespace ampoule::tools
