// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Finished links, kept by content: an unchanged relink copies files.
#pragma once

#include "linker/Config.h"

namespace ampoule::linker {

class Diag;

/// What a link writes.
struct Files {
  std::string image;
  std::string debug;
  std::string report;
};

/// Whether a file can be there; asked before the work of a link.
llvm::Error checkOutput(llvm::StringRef path);

/// Writes `bytes` to `path` whole or not at all.
llvm::Error writeOutput(llvm::StringRef path, llvm::StringRef bytes,
                        bool executable);

class Cache {
public:
  Cache() = default; ///< keeps nothing
  explicit Cache(std::string entry) : entry(std::move(entry)) {}

  std::optional<Files> find() const;
  /// Best effort: a cache that cannot be written is no error.
  void store(const Files &files) const;

private:
  std::string entry; ///< path of this link's entry without suffix
};

/// The key covers the arguments but the output's name, the bytes of every
/// input and of this program. Inputs that cannot be read make no cache; the
/// link itself reports them. Entries that were not used for long are removed.
Cache openCache(const Config &config, llvm::ArrayRef<const char *> args,
                Diag &diag);

} // namespace ampoule::linker
