// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// clang's driver plans the jobs: it knows inputs, phases, diagnostics and
// response files. Three things differ: the link job becomes a call of our own
// linker, with ld's command line as clang writes it; a single compilation runs
// in this process; assembly goes to the packaged clang, whose assembler is not
// in its libraries. So does everything in a build for the host.
#include "compiler/Driver.h"
#include "compiler/Arguments.h"
#include "compiler/Frontend.h"
#include "compiler/Log.h"

#include "clang/Basic/DiagnosticIDs.h"
#include "clang/Basic/DiagnosticOptions.h"
#include "clang/Basic/Version.h"
#include "clang/Driver/Action.h"
#include "clang/Driver/Compilation.h"
#include "clang/Driver/Driver.h"
#include "clang/Frontend/CompilerInvocation.h"
#include "clang/Frontend/TextDiagnosticPrinter.h"
#include "llvm/Support/CrashRecoveryContext.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/VirtualFileSystem.h"
#include <cstdlib>

using namespace llvm;

namespace ampoule::compiler {
namespace {

/// Directories with just the wanted header packages of the host. Links, so that
/// nothing else of /usr/include can be found by accident.
std::string hostHeaderDirectory(const Arguments &args,
                                bool &failed) {
  if (args.hostHeaders.empty())
    return "";
  SmallString<128> directory;
  sys::path::system_temp_directory(/*ErasedOnReboot=*/true, directory);
  std::vector<std::string> names = args.hostHeaders;
  sort(names);
  sys::path::append(directory, "ampoule-headers");
  for (const std::string &name : names)
    directory += "-" + name;
  if (std::error_code code = sys::fs::create_directories(directory)) {
    errs() << "ampoule: error: cannot create " << directory << ": "
           << code.message() << '\n';
    failed = true;
    return "";
  }
  for (const std::string &name : names) {
    SmallString<128> from("/usr/include"), to(directory);
    sys::path::append(from, name);
    sys::path::append(to, name);
    if (!sys::fs::exists(from)) {
      errs() << "ampoule: error: --ampoule-host-headers=" << name
             << ": there is no " << from << '\n';
      failed = true;
    } else if (std::error_code code = sys::fs::create_link(from, to);
               code && code != std::errc::file_exists) {
      errs() << "ampoule: error: cannot create " << to << ": "
             << code.message() << '\n';
      failed = true;
    }
  }
  return std::string(directory);
}

/// Gives clang's link job to our linker, and assembly to the packaged clang.
void redirectJobs(clang::driver::Compilation &compilation,
                  const Arguments &args, StringRef program, StringRef prefix,
                  StringSaver &saver) {
  for (clang::driver::Command &job :
       make_pointee_range(compilation.getJobs().getJobs())) {
    const opt::ArgStringList &old = job.getArguments();
    if (!old.empty() && StringRef(old[0]) == "-cc1as") {
      job.replaceExecutable(AMPOULE_LLVM_BIN "/clang");
      continue;
    }
    if (job.getSource().getKind() != clang::driver::Action::LinkJobClass)
      continue;
    opt::ArgStringList fresh = {"-cc1link"};
    auto add = [&](const Twine &text) {
      fresh.push_back(saver.save(text).data());
    };
    add("--ampoule-prefix=" + prefix);
    if (args.linksCxx)
      add("--ampoule-cxx");
    if (args.noStandardLibraries)
      add("--ampoule-nostdlib");
    fresh.append(args.linker.begin(), args.linker.end());
    for (const char *arg : old)
      if (!StringRef(arg).starts_with("-plugin-opt"))
        fresh.push_back(arg);
    job.replaceExecutable(saver.save(program).data());
    job.replaceArguments(fresh);
  }
}

/// An ordinary program of the host's: all is the packaged clang's to do.
int driveHost(const Arguments &args, bool isCxx) {
  SmallVector<StringRef, 64> words = {isCxx ? AMPOULE_LLVM_BIN "/clang++"
                                            : AMPOULE_LLVM_BIN "/clang"};
  words.append(args.clang.begin(), args.clang.end());
  std::string message;
  int status = sys::ExecuteAndWait(words[0], words, std::nullopt, {}, 0, 0,
                                   &message);
  if (!message.empty())
    errs() << "ampoule: error: " << words[0] << ": " << message << '\n';
  return status < 0 ? 70 : status;
}

bool asksForVersion(ArrayRef<const char *> args) {
  return is_contained(map_range(args, [](const char *arg) {
                        return StringRef(arg);
                      }),
                      "--version");
}

} // namespace

int drive(ArrayRef<const char *> argv, StringRef program) {
  BumpPtrAllocator allocator;
  StringSaver saver(allocator);
  // In an installed tree, as in the build, everything lies beside bin/.
  std::string prefix =
      sys::path::parent_path(sys::path::parent_path(program)).str();
  bool isCxx = sys::path::filename(argv[0]).ends_with("++");
  if (asksForVersion(argv.drop_front())) {
    // CMake, Meson and autoconf look for "clang version".
    outs() << "Ampoule clang version " << CLANG_VERSION_STRING << " (Ampoule "
           << AMPOULE_VERSION << ", " << clang::getClangFullVersion() << ")\n"
           << "Target: x86_64-unknown-linux-musl\n"
           << "Thread model: posix\n"
           << "InstalledDir: " << sys::path::parent_path(program) << '\n';
    return 0;
  }
  std::optional<Arguments> args =
      sortArguments(argv.drop_front(), isCxx, prefix, saver);
  if (!args)
    return 1;
  if (args->helpOnly)
    return 0;
  if (args->isForHost)
    return driveHost(*args, isCxx);
  // These name the host's headers and libraries.
  for (const char *name : {"CPATH", "C_INCLUDE_PATH", "CPLUS_INCLUDE_PATH",
                           "LIBRARY_PATH"})
    unsetenv(name);
  bool failed = false;
  std::string headers = hostHeaderDirectory(*args, failed);
  if (failed)
    return 1;

  SmallVector<const char *, 64> driverArgs = {argv[0]};
  driverArgs.append(args->clang.begin(), args->clang.end());
  if (!headers.empty())
    driverArgs.append({"-idirafter", headers.c_str()});

  std::unique_ptr<clang::DiagnosticOptions> parsed =
      clang::CreateAndPopulateDiagOpts(driverArgs);
  clang::TextDiagnosticPrinter printer(errs(), *parsed);
  printer.setPrefix(sys::path::filename(argv[0]).str());
  clang::DiagnosticsEngine diagnostics(clang::DiagnosticIDs::create(), *parsed,
                                       &printer, /*ShouldOwnClient=*/false);
  clang::ProcessWarningOptions(diagnostics, *parsed, *vfs::getRealFileSystem(),
                               /*ReportDiags=*/false);

  clang::driver::Driver driver(program, "x86_64-unknown-linux-musl",
                               diagnostics, "Ampoule");
  driver.setTargetAndMode({});
  auto runInProcess = [&](SmallVectorImpl<const char *> &cc1) {
    return runFrontend(ArrayRef(cc1).drop_front(2), cc1[0]);
  };
  driver.CC1Main = runInProcess;
  CrashRecoveryContext::Enable();

  std::unique_ptr<clang::driver::Compilation> compilation(
      driver.BuildCompilation(driverArgs));
  int result = 1;
  if (compilation && !compilation->containsError()) {
    redirectJobs(*compilation, *args, program, prefix, saver);
    SmallVector<std::pair<int, const clang::driver::Command *>, 4> failures;
    Log log(argv);
    result = driver.ExecuteCompilation(*compilation, failures);
    // As clang's own main: a crash, or exit code 70 and above, asks for a
    // reproducer.
    for (auto [code, command] : failures) {
      if (result == 0)
        result = code;
      bool crashed = code < 0 || code == 70 || code >= 128;
      if (!crashed)
        continue;
      driver.generateCompilationDiagnostics(*compilation, *command);
      result = 70;
      break;
    }
    log.write(*compilation, result);
  }
  diagnostics.getClient()->finish();
  return result < 0 ? 70 : result;
}

} // namespace ampoule::compiler
