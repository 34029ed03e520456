// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What one link is asked to do: the command line after parsing. Fields have
// the names of their options. Stages read it and never change it.
#pragma once

#include "linker/Embed.h"
#include "linker/Settings.h"
#include "libos/include/ampoule/seal.h"

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ampoule::linker {

enum class Target {
  Xen,
  Linux, ///< a process over the host's system calls
  Hosted ///< a process with the library OS in it
};
enum class OutputKind { Image, SharedLibrary, Relocatable };
/// Each step does what those before it do.
enum class Prune {
  None,     ///< every definition that an input brought
  Sections, ///< what lld's --gc-sections leaves; nothing is optimised
  Lto,      ///< internalised and optimised as one module
  Once,     ///< marked once; virtual functions go, calls are devirtualised
  All,      ///< until nothing falls
};
enum class Unsupported { Error, Warn, Stub };

/// One thing named on the command line that may hold symbols.
struct InputSpec {
  std::string path;  ///< as written, or the name after -l
  bool isLibrary;    ///< named by -l
  bool wholeArchive; ///< every member is loaded
  bool lazy;         ///< between --start-lib and --end-lib
  bool isRuntime;    ///< added by the linker, not by the user
};

struct Defsym {
  std::string symbol;
  std::string expression;
  std::vector<std::string> names; ///< symbols in the expression
};

struct Config {
  std::string output = "a.out";
  OutputKind kind = OutputKind::Image;
  Target target = Target::Xen;
  Prune prune = Prune::All;
  Unsupported unsupported = Unsupported::Warn;
  unsigned optLevel = 2;
  std::vector<InputSpec> inputs;
  std::vector<std::string> searchPaths;
  std::vector<std::string> undefined;
  std::vector<std::string> wrap;
  std::vector<Defsym> defsym;
  bool allowMultipleDefinition = false;
  bool warnUnresolved = false;
  bool fatalWarnings = false;
  bool demangle = true;
  bool stripAll = false;
  bool trace = false;
  bool time = false;
  bool measure = false;
  bool summary = false;
  /// Of the order of functions and data, and of the gaps between regions.
  std::optional<std::uint32_t> seed;
  bool randomSeed = false; ///< drawn by this link
  bool hardened = false;
  /// Compact unwind information is wanted where the image can have it; without a frame
  /// that turned out to have no encoding it can.
  bool unwindInfo = true;
  Tier requiredSeal = Tier::Wx;
  bool allowUnsealable = false;
  unsigned errorLimit = 20;
  std::string soname;
  std::string map; ///< file for -Map; "-" for -M
  /// As options state them; what the program states is not among them.
  std::vector<std::pair<SettingId, Setting>> settings;
  std::vector<SettingId> atBoot;
  std::vector<std::string> parameters; ///< NAME=VALUE
  std::vector<Embed> embeds;
  std::string prefix;
  std::optional<std::string> cache;
  std::vector<std::string> print;
  std::string stopAfter;

  bool prints(llvm::StringRef product) const;
};

class Diag;

/// Parses ld-style arguments (without the program's name). Mistakes are
/// reported to `diag`; the result is then not to be used. Nothing is returned
/// when the arguments only asked for text such as --version.
std::optional<Config> parseArguments(llvm::ArrayRef<const char *> args,
                                     llvm::StringRef prefix, Diag &diag);

} // namespace ampoule::linker
