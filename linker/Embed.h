// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Files of the build that become constants of the image (libos/abi/files.h).
#pragma once

#include "linker/Diag.h"

#include "llvm/Support/MemoryBuffer.h"
#include <memory>
#include <string>
#include <vector>

namespace ampoule::linker {

struct NamedPaths;
struct Program;

/// One --ampoule-embed, or Config::embed.
struct Embed {
  std::string folder; ///< or a file; as it was stated
  std::string mount;  ///< absolute
  std::string place;  ///< of the statement
  std::string base;   ///< directory that a relative folder begins at
};

struct EmbeddedFile {
  std::string path; ///< in the image
  std::string place;
  std::uint32_t mode;                       ///< st_mode
  std::unique_ptr<llvm::MemoryBuffer> data; ///< null: a directory
  bool isStated; ///< not just a directory on the way
};

/// What the image will have, sorted by path, with all directories; symbolic
/// links are followed. Reports what cannot be read, and a path that two embed
/// with different contents.
std::vector<EmbeddedFile> readTrees(llvm::ArrayRef<Embed> embeds, Diag &diag);

/// SOURCE_DATE_EPOCH (reproducible-builds.org/specs/source-date-epoch), or 0. Reports
/// what is no such number.
std::uint64_t sourceDate(Diag &diag);

/// Defines the table of files, if the program looks at it, and the time when they
/// were changed, in seconds since 1970.
void addFiles(Program &program, llvm::ArrayRef<EmbeddedFile> files,
              std::uint64_t time);

struct FileCounts {
  unsigned all = 0, kept = 0; ///< without directories
};

/// Takes files that the program cannot name out of the table.
FileCounts dropFiles(Program &program, const NamedPaths &named);

} // namespace ampoule::linker
