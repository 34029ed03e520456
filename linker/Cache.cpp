// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A directory of <hash>.image, .dbg and .report.json. The default place is the
// user's cache directory; --ampoule-cache=none turns it off.
#include "linker/Cache.h"
#include "linker/Inputs.h"

#include "llvm/Support/CachePruning.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/SHA256.h"

using namespace llvm;

namespace ampoule::linker {
namespace {

constexpr StringLiteral kSuffixes[] = {".image", ".dbg", ".report.json"};
constexpr std::uint64_t kMostBytes = 512u << 20;

std::string cacheDirectory(const Config &config) {
  if (config.cache)
    return *config.cache == "none" ? "" : *config.cache;
  SmallString<128> path;
  if (const char *named = std::getenv("AMPOULE_CACHE"))
    path = named;
  else if (sys::path::cache_directory(path))
    sys::path::append(path, "ampoule");
  else
    return "";
  sys::path::append(path, "links");
  return std::string(path);
}

bool hashFile(SHA256 &hash, StringRef path) {
  Expected<std::unique_ptr<MemoryBuffer>> buffer = readFile(path);
  if (!buffer) {
    consumeError(buffer.takeError());
    return false;
  }
  hash.update((*buffer)->getBuffer());
  hash.update(ArrayRef<std::uint8_t>(0));
  return true;
}

} // namespace

Error checkOutput(StringRef path) {
  StringRef folder = sys::path::parent_path(path);
  std::error_code code;
  if (sys::fs::is_directory(path))
    code = std::make_error_code(std::errc::is_a_directory);
  else if (!folder.empty() && !sys::fs::exists(folder))
    code = std::make_error_code(std::errc::no_such_file_or_directory);
  else
    return Error::success();
  return createStringError("cannot open output file " + path + ": " +
                           code.message());
}

Error writeOutput(StringRef path, StringRef bytes, bool executable) {
  if (path == "/dev/null")
    return Error::success();
  if (Error error = checkOutput(path))
    return error;
  unsigned mode = sys::fs::all_read | sys::fs::owner_write |
                  (executable ? sys::fs::all_exe : 0);
  Expected<sys::fs::TempFile> file =
      sys::fs::TempFile::create(path + ".tmp%%%%%%", mode);
  if (!file)
    return createStringError("cannot open output file " + path + ": " +
                             toString(file.takeError()));
  raw_fd_ostream os(file->FD, /*shouldClose=*/false);
  os << bytes;
  os.flush();
  if (os.has_error()) {
    std::error_code code = os.error();
    os.clear_error();
    consumeError(file->discard());
    return createStringError("cannot write output file " + path + ": " +
                             code.message());
  }
  // The umask is the user's to decide.
  unsigned mask = sys::fs::getUmask();
  sys::fs::setPermissions(
      file->FD,
      static_cast<sys::fs::perms>(
          (mode | sys::fs::group_write | sys::fs::others_write) & ~mask));
  return file->keep(path);
}

std::optional<Files> Cache::find() const {
  if (entry.empty())
    return std::nullopt;
  Files files;
  std::string *fields[] = {&files.image, &files.debug, &files.report};
  for (auto [suffix, field] : zip(kSuffixes, fields)) {
    Expected<std::unique_ptr<MemoryBuffer>> buffer =
        readFile((entry + suffix).str());
    if (!buffer) {
      consumeError(buffer.takeError());
      return std::nullopt;
    }
    *field = (*buffer)->getBuffer().str();
  }
  return files;
}

void Cache::store(const Files &files) const {
  if (entry.empty())
    return;
  const std::string *fields[] = {&files.image, &files.debug, &files.report};
  for (auto [suffix, field] : zip(kSuffixes, fields))
    consumeError(writeOutput((entry + suffix).str(), *field,
                             /*executable=*/false));
  CachePruningPolicy policy;
  policy.MaxSizeBytes = kMostBytes;
  (void)pruneCache(sys::path::parent_path(entry), policy);
}

Cache openCache(const Config &config, ArrayRef<const char *> args, Diag &diag) {
  std::string directory = cacheDirectory(config);
  if (directory.empty() || sys::fs::create_directories(directory))
    return Cache();
  SHA256 hash;
  hash.update(AMPOULE_VERSION);
  static int anchor;
  if (!hashFile(hash, sys::fs::getMainExecutable(nullptr, &anchor)))
    return Cache();
  for (std::size_t i = 0; i != args.size(); ++i) {
    if (StringRef(args[i]) == "-o") {
      ++i;
      continue;
    }
    hash.update(args[i]);
    hash.update(ArrayRef<std::uint8_t>(0));
  }
  for (const InputSpec &input : config.inputs) {
    std::string path = input.path;
    if (input.isLibrary) {
      Expected<std::string> found = findLibrary(path, config);
      if (!found) {
        consumeError(found.takeError());
        return Cache();
      }
      if (found->empty())
        continue;
      path = *found;
    }
    if (!hashFile(hash, path))
      return Cache();
  }
  for (const EmbeddedFile &file : readTrees(config.embeds, diag)) {
    hash.update(file.path + ' ' + utostr(file.mode) + ' ');
    if (!file.data)
      continue;
    hash.update(utostr(file.data->getBufferSize()) + ' ');
    hash.update(file.data->getBuffer());
  }
  if (const char *date = std::getenv("SOURCE_DATE_EPOCH"))
    hash.update(date);
  for (StringRef library : {"libcalls.a", "libclang_rt.builtins.a"})
    hashFile(hash, (config.prefix + "/sysroot/usr/lib/" + library).str());
  SmallString<128> entry(directory);
  // pruneCache only looks at files with LLVM's prefix.
  sys::path::append(entry, "llvmcache-" + toHex(hash.final(), true));
  return Cache(std::string(entry));
}

} // namespace ampoule::linker
