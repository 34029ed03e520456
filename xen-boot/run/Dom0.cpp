// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "xen-boot/run/Dom0.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/SHA256.h"
#include "llvm/Support/TarWriter.h"
#include "llvm/Support/raw_ostream.h"
#include <cstdlib>
#include <ctime>
#include <sys/file.h>
#include <unistd.h>

using namespace llvm;

namespace ampoule::run {
namespace {

constexpr StringLiteral kParts[] = {"block", "build", "debian.py", "init",
                                    "run-domain", "vif-bridge"};
constexpr StringLiteral kQemu = "qemu-system-x86_64";

Expected<std::string> readFile(const Twine &path) {
  ErrorOr<std::unique_ptr<MemoryBuffer>> buffer = MemoryBuffer::getFile(path);
  if (!buffer)
    return createStringError("cannot open " + path + ": " +
                             buffer.getError().message());
  return (*buffer)->getBuffer().str();
}

/// A snapshot is only good for the machine that it was taken of, and for the
/// QEMU that took it; the executable's time and size stand for its version.
Expected<std::string> makeKey(const std::string &folder,
                              const Machine &machine) {
  SHA256 hash;
  if (!machine.hypervisor.empty()) {
    Expected<std::string> text = readFile(machine.hypervisor);
    if (!text)
      return text.takeError();
    hash.update(*text);
  }
  if (machine.isPlain)
    hash.update("plain");
  if (machine.isLarge)
    hash.update("large");
  for (StringRef part : kParts) {
    Expected<std::string> text = readFile(folder + "/" + part);
    if (!text)
      return text.takeError();
    hash.update(*text);
  }
  ErrorOr<std::string> qemu = sys::findProgramByName(kQemu);
  sys::fs::file_status status;
  if (!qemu || sys::fs::status(*qemu, status))
    return createStringError("cannot find " + kQemu);
  hash.update(utostr(status.getSize()) + " " +
              utostr(status.getLastModificationTime()
                         .time_since_epoch()
                         .count()));
  return toHex(hash.final(), /*LowerCase=*/true).substr(0, 16);
}

Expected<std::string> cacheFolder(StringRef key) {
  SmallString<128> path;
  if (const char *named = std::getenv("AMPOULE_CACHE"))
    path = named;
  else if (sys::path::cache_directory(path))
    sys::path::append(path, "ampoule");
  else
    return createStringError("no cache directory: set AMPOULE_CACHE");
  sys::path::append(path, "dom0", key);
  if (std::error_code code = sys::fs::create_directories(path))
    return createStringError("cannot create " + path + ": " + code.message());
  return std::string(path);
}

/// Holds an exclusive lock until it is destroyed.
class Lock {
public:
  explicit Lock(const std::string &path) {
    if (sys::fs::openFileForReadWrite(path, descriptor,
                                      sys::fs::CD_OpenAlways, {}))
      descriptor = -1;
    else
      flock(descriptor, LOCK_EX);
  }
  ~Lock() {
    if (descriptor >= 0)
      close(descriptor);
  }

private:
  int descriptor = -1;
};

Error build(const std::string &script, const std::string &folder,
            const Machine &machine) {
  errs() << "ampoule: building a small Linux dom0, once; it stays in " << folder
         << '\n';
  std::string log = folder + "/build.log";
  std::optional<StringRef> redirects[] = {StringRef("/dev/null"), log, log};
  ErrorOr<std::string> python = sys::findProgramByName("python3");
  if (!python)
    return createStringError("cannot find python3");
  SmallVector<StringRef, 8> command = {*python, script, folder};
  if (!machine.hypervisor.empty())
    append_range(command, std::initializer_list<StringRef>{
                              "--hypervisor", machine.hypervisor});
  if (machine.isPlain)
    command.push_back("--plain");
  if (machine.isLarge)
    command.push_back("--large");
  if (sys::ExecuteAndWait(*python, command, std::nullopt, redirects) == 0)
    return Error::success();
  std::string text = cantFail(readFile(log));
  return createStringError("cannot build the dom0:\n" + text);
}

} // namespace

std::string missingForDom0() {
  constexpr std::pair<StringLiteral, StringLiteral> kNeeds[] = {
      {"python3", "python3"}, {"readelf", "binutils"}, {"apt-get", "apt"}};
  for (auto [program, package] : kNeeds)
    if (!sys::findProgramByName(program))
      return package.str();
  return "";
}

Expected<Dom0> openDom0(const std::string &sharePath, const Machine &on) {
  std::string parts = sharePath + "/dom0";
  Expected<std::string> key = makeKey(parts, on);
  if (!key)
    return key.takeError();
  Expected<std::string> folder = cacheFolder(*key);
  if (!folder)
    return folder.takeError();
  std::string machine = *folder + "/machine";
  Lock lock(*folder + "/lock");
  // The list of arguments is written last.
  if (!sys::fs::exists(machine))
    if (Error error = build(parts + "/build", *folder, on))
      return error;
  Expected<std::string> text = readFile(machine);
  if (!text)
    return text.takeError();
  SmallVector<StringRef, 32> lines;
  StringRef(*text).split(lines, '\n', -1, /*KeepEmpty=*/false);
  return Dom0(std::vector<std::string>(lines.begin(), lines.end()));
}

Error Dom0::writePayload(
    const std::string &path, StringRef config, StringRef devices,
    ArrayRef<std::pair<StringRef, std::string>> files) const {
  Expected<std::unique_ptr<TarWriter>> tar = TarWriter::create(path, ".");
  if (!tar)
    return tar.takeError();
  (*tar)->append("domain.cfg", config);
  if (!devices.empty())
    (*tar)->append("devices", devices);
  for (const auto &[name, file] : files) {
    Expected<std::string> text = readFile(file);
    if (!text)
      return text.takeError();
    (*tar)->append(name, *text);
  }
  (*tar)->append("time", utostr(static_cast<std::uint64_t>(std::time(nullptr))));
  return Error::success();
}

std::vector<std::string> Dom0::command(StringRef payload, StringRef status,
                                       StringRef log) const {
  std::vector<std::string> result;
  for (std::string word : machine) {
    for (auto [name, value] : {std::pair("{payload}", payload),
                               std::pair("{status}", status),
                               std::pair("{log}", log)})
      if (std::size_t at = word.find(name); at != std::string::npos)
        word.replace(at, StringRef(name).size(), value);
    result.push_back(word);
  }
  return result;
}

} // namespace ampoule::run
