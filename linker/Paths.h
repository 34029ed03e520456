// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Which files a program can name. Every path reaches the library OS through
// __ampoule_names(path), or __ampoule_links(path) for the text of a symbolic link. No
// code has these functions: the linker follows their argument to where it is decided,
// and takes the calls out.
#pragma once

#include "linker/Program.h"
#include "linker/Reach.h"

namespace ampoule::linker {

struct ProgramGraph;

struct NamedPaths {
  /// Absolute: a relative path begins at the root, or at a directory that was named
  /// before.
  std::set<std::string> paths;
  /// Where a path is made that is not known before the program runs.
  std::optional<std::string> unknownAt;

  /// The C library maps files that the environment names: of time zones (TZ), and
  /// of messages (MUSL_LOCPATH, NLSPATH, bindtextdomain). It looks at the first bytes
  /// of each, and others than these are to it as if they were not there.
  bool mapsTables = false;

  static bool isTable(llvm::StringRef contents);

  /// Whether a path leads to one that is named, or on from it: what is below a
  /// directory is found by reading it, or through links to it.
  bool covers(llvm::StringRef path) const;
};

NamedPaths takeNamedPaths(Program &program, const ProgramGraph &graph,
                          const LiveSet &live);

} // namespace ampoule::linker
