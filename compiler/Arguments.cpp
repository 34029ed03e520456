// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What each build flag of real projects does is in docs/options.md. In short:
// flags that ask for what an image always is, or never is, have no effect;
// flags that need a run-time system which an image has not are refused, with
// what to use instead; all others are clang's. A host build (--ampoule-target=host)
// takes them all as they are.
#include "compiler/Arguments.h"

#include "clang/Options/Options.h"
#include "llvm/Option/ArgList.h"
#include "llvm/Option/OptTable.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/TargetParser/Triple.h"

using namespace llvm;
using namespace llvm::opt;
namespace options = clang::options;

namespace ampoule::compiler {
namespace {

#define OPTTABLE_STR_TABLE_CODE
#include "compiler/Options.inc"
#undef OPTTABLE_STR_TABLE_CODE

enum Id {
  OPT_INVALID = 0,
#define OPTION(...) LLVM_MAKE_OPT_ID(__VA_ARGS__),
#include "compiler/Options.inc"
#undef OPTION
};

#define OPTTABLE_PREFIXES_TABLE_CODE
#include "compiler/Options.inc"
#undef OPTTABLE_PREFIXES_TABLE_CODE

constexpr OptTable::Info kInfoTable[] = {
#define OPTION(...) LLVM_CONSTRUCT_OPT_INFO(__VA_ARGS__),
#include "compiler/Options.inc"
#undef OPTION
};

class OwnOptTable : public GenericOptTable {
public:
  OwnOptTable()
      : GenericOptTable(OptionStrTable, OptionPrefixesTable, kInfoTable) {}
};

/// Without effect: an image is static, not position-independent, one linkage
/// unit, whole-program optimised, and has no red zone.
bool hasNoEffect(unsigned id) {
  switch (id) {
  case options::OPT_flto:
  case options::OPT_flto_EQ:
  case options::OPT_flto_EQ_auto:
  case options::OPT_flto_EQ_jobserver:
  case options::OPT_flto_jobs_EQ:
  case options::OPT_flto_partitions_EQ:
  case options::OPT_fno_lto:
  case options::OPT_ffat_lto_objects:
  case options::OPT_fno_fat_lto_objects:
  case options::OPT_fsplit_lto_unit:
  case options::OPT_fno_split_lto_unit:
  case options::OPT_fPIC:
  case options::OPT_fno_PIC:
  case options::OPT_fpic:
  case options::OPT_fno_pic:
  case options::OPT_fPIE:
  case options::OPT_fno_PIE:
  case options::OPT_fpie:
  case options::OPT_fno_pie:
  case options::OPT_pie:
  case options::OPT_no_pie:
  case options::OPT_nopie:
  case options::OPT_static_pie:
  case options::OPT_static:
  case options::OPT_static_libgcc:
  case options::OPT_static_libstdcxx:
  case options::OPT_shared_libgcc:
  case options::OPT_rdynamic:
  case options::OPT_fuse_ld_EQ:
  case options::OPT_ld_path_EQ:
  case options::OPT_stdlib_EQ:
  case options::OPT_rtlib_EQ:
  case options::OPT_unwindlib_EQ:
  case options::OPT_fvisibility_EQ:
  case options::OPT_fvisibility_ms_compat:
  case options::OPT_fsemantic_interposition:
  case options::OPT_fno_semantic_interposition:
  case options::OPT_fwhole_program_vtables:
  case options::OPT_fno_whole_program_vtables:
  case options::OPT_fvirtual_function_elimination:
  case options::OPT_fno_virtual_function_elimination:
  case options::OPT_fasynchronous_unwind_tables:
  case options::OPT_fno_asynchronous_unwind_tables:
  case options::OPT_mred_zone:
  case options::OPT_mno_red_zone:
  case options::OPT_fcf_protection:
  case options::OPT_fcf_protection_EQ:
  case options::OPT_gsplit_dwarf:
  case options::OPT_gsplit_dwarf_EQ:
  case options::OPT_mcmodel_EQ:
    return true;
  default:
    return false;
  }
}

/// Why a flag cannot work, or nothing.
std::optional<std::string> refusal(const Arg &arg) {
  switch (arg.getOption().getID()) {
  case options::OPT_coverage:
  case options::OPT_fprofile_arcs:
  case options::OPT_ftest_coverage:
  case options::OPT_fprofile_generate:
  case options::OPT_fprofile_generate_EQ:
  case options::OPT_fprofile_instr_generate:
  case options::OPT_fprofile_instr_generate_EQ:
  case options::OPT_fcs_profile_generate:
  case options::OPT_fcs_profile_generate_EQ:
  case options::OPT_pg:
    return "profiles and coverage are written to files when a process exits, "
           "and an image has none; measure a build with --ampoule-target=host";
  case options::OPT_m32:
  case options::OPT_mx32:
    return "images are 64-bit";
  case options::OPT__sysroot:
  case options::OPT__sysroot_EQ:
  case options::OPT_isysroot:
    return "Ampoule brings its own headers and libraries; use "
           "--ampoule-host-headers=<name> for a header-only package of the "
           "host";
  case options::OPT_target: {
    Triple triple(arg.getValue());
    if (triple.getArch() == Triple::x86_64 && triple.isOSLinux())
      return std::nullopt;
    return "images are for x86_64-unknown-linux-musl";
  }
  case options::OPT_fsanitize_EQ:
    for (StringRef name : arg.getValues())
      if (name == "address" || name == "thread" || name == "memory" ||
          name == "leak" || name == "hwaddress" || name == "dataflow" ||
          name == "fuzzer" || name == "fuzzer-no-link")
        return "this sanitizer's run-time library needs a kernel; run it on a "
               "build with --ampoule-target=host";
      else if (name.starts_with("cfi") || name == "kcfi")
        return "calls are only checked together with the libraries': use "
               "--ampoule-hardened";
    return std::nullopt;
  case options::OPT_fsanitize_minimal_runtime:
    return "there is no run-time library; without this option a violation "
           "traps, and the panic report names its line";
  default:
    return std::nullopt;
  }
}

void report(const Twine &message) {
  errs() << "ampoule: error: " << message << '\n';
}

/// Reads an option of ours; false: it is not one.
bool readOwn(const char *text, const OwnOptTable &table, Arguments &out,
             StringSaver &saver, bool &failed) {
  if (!StringRef(text).starts_with("--ampoule-") &&
      !(StringRef(text).starts_with("-W") &&
        StringRef(text).ends_with("ampoule-unsupported")))
    return false;
  unsigned missingIndex = 0, missingCount = 0;
  InputArgList args = table.ParseArgs(text, missingIndex, missingCount);
  for (const Arg *arg : args) {
    switch (arg->getOption().getID()) {
    case OPT_ampoule_host_headers:
      out.hostHeaders.push_back(arg->getValue());
      break;
    case OPT_ampoule_hardened:
      out.hardened = true;
      out.linker.push_back("--ampoule-hardened");
      break;
    case OPT_ampoule_help:
      table.printHelp(outs(), "ampoule-c++ [options] file...",
                      "Ampoule's own options; all others are clang's");
      out.helpOnly = true;
      break;
    case OPT_Wampoule_unsupported:
    case OPT_Wno_error_ampoule_unsupported:
      out.unsupported = "warning";
      break;
    case OPT_Wno_ampoule_unsupported:
      out.unsupported = "ignored";
      break;
    case OPT_Werror_ampoule_unsupported:
      out.unsupported = "error";
      break;
    case OPT_ampoule_target:
      out.isForHost = StringRef(arg->getValue()) == "host";
      if (!out.isForHost && StringRef(arg->getValue()) != "xen" &&
          StringRef(arg->getValue()) != "linux") {
        report("invalid value '" + Twine(arg->getValue()) +
               "' in '--ampoule-target=': expected xen, linux or host");
        failed = true;
      }
      out.linker.push_back(saver.save(text).data());
      break;
    case OPT_ampoule_embed:
    case OPT_ampoule_param:
      out.unknownToHost.push_back(saver.save(text));
      [[fallthrough]];
    default:
      if (arg->getOption().matches(OPT_LinkGroup)) {
        out.linker.push_back(saver.save(text).data());
        break;
      }
      std::string nearest;
      std::string message =
          ("unknown argument '" + Twine(text) + "'").str();
      if (table.findNearest(text, nearest) < 4)
        message += "; did you mean '" + nearest + "'?";
      report(message);
      failed = true;
    }
  }
  return true;
}

} // namespace

std::optional<Arguments> sortArguments(ArrayRef<const char *> argv, bool isCxx,
                                       StringRef prefix, StringSaver &saver) {
  Arguments out;
  OwnOptTable own;
  bool failed = false;
  std::vector<const char *> rest;
  if (std::optional<std::string> flags = sys::Process::GetEnv("AMPOULE_FLAGS")) {
    SmallVector<const char *> words;
    cl::TokenizeGNUCommandLine(*flags, saver, words);
    for (const char *word : words)
      if (!readOwn(word, own, out, saver, failed)) {
        report("AMPOULE_FLAGS: '" + Twine(word) + "' is not an option of ours");
        failed = true;
      }
  }
  for (const char *word : argv)
    if (!readOwn(word, own, out, saver, failed))
      rest.push_back(word);
  auto add = [&](const Twine &text) {
    out.clang.push_back(saver.save(text).data());
  };
  if (out.isForHost && !out.helpOnly) {
    if (failed)
      return std::nullopt;
    for (StringRef option : out.unknownToHost)
      errs() << "ampoule: warning: '" << option
             << "' does nothing in a build for the host\n";
    // What comes later counts, such as another library of the user's.
    add("--start-no-unused-arguments");
    add("-stdlib=libc++");
    add("-idirafter" + prefix + "/include");
    add("-D__ampoule__=1");
    add("-D__ampoule_host__=1");
    add("--end-no-unused-arguments");
    out.clang.insert(out.clang.end(), rest.begin(), rest.end());
    return out;
  }

  unsigned missingIndex = 0, missingCount = 0;
  InputArgList args = clang::getDriverOptTable().ParseArgs(
      rest, missingIndex, missingCount, Visibility(options::ClangOption));
  bool emitsAssembly = false, emitsLlvm = false, threads = false;
  bool sanitizes = false;
  std::string level = "2";
  bool libraries = true;
  std::vector<const char *> user;
  for (const Arg *arg : args) {
    if (std::optional<std::string> reason = refusal(*arg)) {
      report("unsupported option '" + arg->getAsString(args) + "': " + *reason);
      failed = true;
      continue;
    }
    unsigned id = arg->getOption().getID();
    if (id == options::OPT_target || hasNoEffect(id))
      continue;
    // A macro when compiling; nothing is to be added to a link.
    if (id == options::OPT_pthread) {
      threads = true;
      continue;
    }
    if (id == options::OPT_S)
      emitsAssembly = true;
    else if (id == options::OPT_emit_llvm)
      emitsLlvm = true;
    else if (id == options::OPT_fsanitize_EQ)
      sanitizes = true;
    else if (id == options::OPT_nostdlib || id == options::OPT_nodefaultlibs)
      libraries = false;
    else if (id == options::OPT_l &&
             (StringRef(arg->getValue()) == "stdc++" ||
              StringRef(arg->getValue()) == "c++"))
      out.linksCxx = true;
    else if (arg->getOption().matches(options::OPT_O_Group))
      level = id == options::OPT_O0      ? "0"
              : id == options::OPT_Ofast ? "3"
              : id == options::OPT_O4    ? "3"
              : *arg->getValue()         ? arg->getValue()
                                         : "1";
    ArgStringList strings;
    arg->render(args, strings);
    for (const char *string : strings)
      user.push_back(saver.save(StringRef(string)).data());
  }
  // clang itself complains about an option whose value is missing.
  if (missingCount != 0)
    user.push_back(rest[missingIndex]);
  if (failed)
    return std::nullopt;
  out.linksCxx |= isCxx;
  out.noStandardLibraries = !libraries;
  out.linker.push_back(saver.save("--lto-O" + level).data());

  add("--start-no-unused-arguments");
  add(isCxx ? "--driver-mode=g++" : "--driver-mode=gcc");
  add("--no-default-config");
  add("--target=x86_64-unknown-linux-musl");
  add("--sysroot=" + prefix + "/sysroot");
  add("-resource-dir=" + prefix + "/lib/clang/" CLANG_MAJOR);
  add("-stdlib=libc++");
  add("-rtlib=compiler-rt");
  add("-unwindlib=libunwind");
  add("-fno-pic");
  add("-no-pie");
  add("-nostdlib"); // the linker knows what to add
  if (!emitsAssembly || emitsLlvm)
    for (StringRef flag : {"-flto=full", "-fwhole-program-vtables",
                           "-fvirtual-function-elimination"})
      add(flag);
  if (out.hardened) {
    // The linker checks virtual calls: what it needs for that is always there.
    if (!emitsAssembly || emitsLlvm)
      for (StringRef flag : {"-fsanitize=cfi-icall,cfi-mfcall",
                             "-fsanitize-trap=all", "-fno-sanitize-ignorelist",
                             "-fno-sanitize-cfi-canonical-jump-tables"})
        add(flag);
    add("-ftrivial-auto-var-init=zero");
  }
  add("-fvisibility=hidden");
  add("-mno-red-zone");
  add("-fno-asynchronous-unwind-tables");
  add("-fstack-protector-strong");
  add("-mstack-protector-guard=global");
  add("-fstack-clash-protection");
  add("-D__ampoule__=1");
  for (StringRef word :
       {StringRef("-plugin-arg-ampoule-unsupported"), out.unsupported}) {
    add("-Xclang");
    add(word);
  }
  if (threads)
    add("-pthread");
  // A violation traps: a panic report needs no run-time library.
  if (sanitizes)
    add("-fsanitize-trap=all");
  add("--end-no-unused-arguments");
  out.clang.insert(out.clang.end(), user.begin(), user.end());
  return out;
}

} // namespace ampoule::compiler
