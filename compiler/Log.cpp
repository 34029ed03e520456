// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/Log.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;

namespace ampoule::compiler {

Log::Log(ArrayRef<const char *> argv)
    : argv(argv), start(std::chrono::steady_clock::now()) {}

void Log::write(const clang::driver::Compilation &compilation,
                int status) const {
  std::optional<std::string> path = sys::Process::GetEnv("AMPOULE_LOG");
  if (!path)
    return;
  json::Array arguments, jobs;
  for (const char *arg : argv)
    arguments.push_back(arg);
  for (const auto &job : compilation.getJobs()) {
    json::Array command({job.getExecutable()});
    for (const char *arg : job.getArguments())
      command.push_back(arg);
    jobs.push_back(std::move(command));
  }
  SmallString<128> directory;
  (void)sys::fs::current_path(directory);
  json::Object line({
      {"arguments", std::move(arguments)},
      {"directory", directory.str()},
      {"jobs", std::move(jobs)},
      {"seconds", std::chrono::duration<double>(
                      std::chrono::steady_clock::now() - start)
                      .count()},
      {"status", status}});
  std::string text;
  raw_string_ostream(text) << json::Value(std::move(line)) << '\n';
  std::error_code code;
  raw_fd_ostream os(*path, code, sys::fs::CD_OpenAlways, sys::fs::FA_Write,
                    sys::fs::OF_Append);
  if (!code)
    os << text;
  if (code || os.has_error()) {
    os.clear_error();
    errs() << "ampoule: warning: cannot write to AMPOULE_LOG=" << *path << '\n';
  }
}

} // namespace ampoule::compiler
