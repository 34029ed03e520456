// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Opens inputs. A file is bitcode (the ordinary case), a native x86-64 ELF
// object (assembly, vendor code), or an archive of both; -shared writes such an
// archive too, so a "shared library" of ours is read as one.
#include "linker/Inputs.h"
#include "linker/Diag.h"

#include "llvm/ADT/StringSwitch.h"
#include "llvm/BinaryFormat/Magic.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace llvm;
using namespace llvm::object;

namespace ampoule::linker {

Expected<std::string> findLibrary(StringRef name, const Config &config) {
  if (name.starts_with(":")) {
    for (const std::string &directory : config.searchPaths) {
      SmallString<128> path(directory);
      sys::path::append(path, name.drop_front());
      if (sys::fs::exists(path))
        return std::string(path);
    }
    return createStringError("unable to find library -l" + name);
  }
  for (const std::string &directory : config.searchPaths)
    for (StringRef suffix : {".so", ".a"}) {
      SmallString<128> path(directory);
      sys::path::append(path, "lib" + name + suffix);
      if (sys::fs::exists(path))
        return std::string(path);
    }
  // musl holds these in libc itself, and the driver has already asked for the
  // C++ runtime and the compiler's.
  bool inRuntime = StringSwitch<bool>(name)
                       .Cases({"c", "m", "pthread", "dl", "rt", "util"}, true)
                       .Cases({"crypt", "resolv", "xnet", "anl"}, true)
                       .Cases({"stdc++", "c++", "c++abi", "supc++"}, true)
                       .Cases({"stdc++fs", "c++fs", "c++experimental"}, true)
                       .Cases({"gcc", "gcc_s", "gcc_eh", "unwind"}, true)
                       .Cases({"atomic", "ssp", "ssp_nonshared"}, true)
                       .Default(false);
  if (inRuntime)
    return std::string();
  return createStringError("unable to find library -l" + name);
}

Expected<std::unique_ptr<MemoryBuffer>> readFile(StringRef path) {
  ErrorOr<std::unique_ptr<MemoryBuffer>> buffer = MemoryBuffer::getFile(
      path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (std::error_code code = buffer.getError())
    return createStringError("cannot open " + path + ": " + code.message());
  return std::move(*buffer);
}

static Error openBitcode(InputFile &file) {
  Expected<std::unique_ptr<lto::InputFile>> bitcode =
      lto::InputFile::create(file.buffer);
  if (!bitcode)
    return createStringError(file.name +
                             ": could not read bitcode: " +
                             toString(bitcode.takeError()));
  Triple triple((*bitcode)->getTargetTriple());
  if (triple.getArch() != Triple::x86_64 || !triple.isOSBinFormatELF())
    return createStringError(file.name + ": is bitcode for " + triple.str() +
                             ", not for x86_64-unknown-linux-musl");
  file.bitcode = std::move(*bitcode);
  return Error::success();
}

static Error openNative(InputFile &file) {
  Expected<std::unique_ptr<ObjectFile>> object =
      ObjectFile::createELFObjectFile(file.buffer);
  if (!object)
    return createStringError(file.name + ": " + toString(object.takeError()));
  auto *elf = dyn_cast<ELF64LEObjectFile>(object->get());
  if (!elf || elf->getELFFile().getHeader().e_machine != ELF::EM_X86_64)
    return createStringError(file.name + ": is incompatible with elf_x86_64");
  if (elf->getELFFile().getHeader().e_type != ELF::ET_REL)
    return createStringError(
        "attempted static link of dynamic object or executable " + file.name +
        "; link its bitcode (-shared writes a library that can be linked)");
  object->release();
  file.native.reset(elf);
  return Error::success();
}

Error openFile(InputFile &file) {
  switch (identify_magic(file.buffer.getBuffer())) {
  case file_magic::bitcode:
    return openBitcode(file);
  case file_magic::elf:
  case file_magic::elf_relocatable:
  case file_magic::elf_shared_object:
  case file_magic::elf_executable:
  case file_magic::elf_core:
    return openNative(file);
  default:
    if (file.buffer.getBufferSize() == 0)
      return createStringError(file.name + ": file is empty");
    return createStringError(file.name + ": unknown file type");
  }
}

/// The part of a symbol's name that only another C or C++ library defines.
static StringRef foreignLibrary(StringRef name) {
  // __stack_chk_fail is ours; glibc's fortified functions end in _chk.
  if (name.starts_with("__") && name.ends_with("_chk"))
    return "glibc";
  if (name.starts_with("__isoc99_") || name.starts_with("__isoc23_") ||
      name.contains("@GLIBC") || name == "__libc_start_main" ||
      name == "__ctype_b_loc_glibc" || name.starts_with("_IO_"))
    return "glibc";
  if (name.contains("St7__cxx11") || name.contains("@GLIBCXX") ||
      name.contains("@CXXABI") || name.starts_with("_ZNSt15basic_streambuf") ||
      name.starts_with("_ZSt16__ostream_insert"))
    return "libstdc++";
  return "";
}

Error checkForeign(const InputFile &file) {
  auto check = [&](StringRef name) -> Error {
    StringRef library = foreignLibrary(name);
    if (library.empty())
      return Error::success();
    return createStringError(file.name + ": was compiled against " + library +
                             " (it uses '" + name +
                             "'); compile it with ampoule-cc or ampoule-c++");
  };
  if (file.isRuntime)
    return Error::success();
  if (file.bitcode) {
    for (const lto::InputFile::Symbol &symbol : file.bitcode->symbols())
      if (Error error = check(symbol.getName()))
        return error;
    return Error::success();
  }
  for (ELFSymbolRef symbol : file.native->symbols()) {
    Expected<StringRef> name = symbol.getName();
    if (!name)
      return createStringError(file.name + ": " + toString(name.takeError()));
    if (Error error = check(*name))
      return error;
  }
  return Error::success();
}

} // namespace ampoule::linker
