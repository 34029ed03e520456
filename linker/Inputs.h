// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Files and archive members that hold symbols: opening, recognising and
// refusing them. Which members take part is Symbols' business.
#pragma once

#include "linker/Config.h"

#include "llvm/LTO/LTO.h"
#include "llvm/Object/Archive.h"
#include "llvm/Object/ELFObjectFile.h"
#include <deque>
#include <memory>

namespace ampoule::linker {

class Diag;
struct Symbol;

/// One bitcode or ELF object: a file, or a member of an archive.
struct InputFile {
  std::string name;   ///< as diagnostics print it: "libx.a(y.o)" or "y.o"
  std::string module; ///< what the report files it under: "libx", "y.o", …
  bool isRuntime = false;
  llvm::MemoryBufferRef buffer;
  unsigned order = 0; ///< position among the loaded files

  /// Exactly one of these is set once the file is loaded.
  std::unique_ptr<llvm::lto::InputFile> bitcode;
  std::unique_ptr<llvm::object::ELF64LEObjectFile> native;

  /// Bitcode: one per entry of bitcode->symbols(). Native: one per ELF symbol,
  /// null for locals and for definitions in a discarded COMDAT group.
  std::vector<Symbol *> symbols;
  /// Native: by section index, true when a COMDAT group elsewhere won.
  std::vector<bool> discarded;
  /// Bitcode: COMDATs of this file that another file's copy replaced.
  std::vector<bool> discardedComdats;
};

/// An archive whose members wait for a reference.
struct InputArchive {
  std::string path;
  std::string module;
  bool isRuntime = false;
  std::unique_ptr<llvm::object::Archive> archive;
  /// By offset of the member's header: what was loaded.
  llvm::DenseMap<std::uint64_t, InputFile *> loaded;
};

/// Owns every buffer and file of a link.
struct Inputs {
  std::vector<std::unique_ptr<llvm::MemoryBuffer>> buffers;
  std::deque<InputFile> files;
  std::deque<InputArchive> archives;
};

/// Finds `-l name` in the search paths: libNAME.so written by -shared, then
/// libNAME.a. Names whose contents are part of the runtime (m, pthread, stdc++,
/// …) give an empty path: nothing is to be loaded for them.
llvm::Expected<std::string> findLibrary(llvm::StringRef name,
                                        const Config &config);

/// Reads a whole file; the error names it.
llvm::Expected<std::unique_ptr<llvm::MemoryBuffer>>
readFile(llvm::StringRef path);

/// Recognises what `file.buffer` holds and fills `bitcode` or `native`.
/// Anything else, and what was not built for this target, is an error.
llvm::Error openFile(InputFile &file);

/// Refuses files that were compiled against another C or C++ library.
llvm::Error checkForeign(const InputFile &file);

} // namespace ampoule::linker
