// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// usage: ampoule-record ARCHIVE OUTPUT
//
// Copies an archive, and records in its bitcode how many bytes each definition
// has (linker/Bytes.h).
#include "linker/Bytes.h"
#include "linker/CallChecks.h"
#include "linker/Optimise.h"

#include "llvm/BinaryFormat/Magic.h"
#include "llvm/Bitcode/BitcodeReader.h"
#include "llvm/Bitcode/BitcodeWriter.h"
#include "llvm/Object/Archive.h"
#include "llvm/Object/ArchiveWriter.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/ThreadPool.h"

using namespace llvm;
using namespace llvm::object;
using namespace ampoule::linker;

namespace {

Expected<std::unique_ptr<MemoryBuffer>> measured(MemoryBufferRef buffer) {
  LLVMContext context;
  Expected<std::unique_ptr<Module>> module = parseBitcodeFile(buffer, context);
  if (!module)
    return module.takeError();
  dropTypeSymbols(**module);
  recordBytes(**module);
  SmallString<0> bitcode;
  raw_svector_ostream os(bitcode);
  WriteBitcodeToFile(**module, os);
  return MemoryBuffer::getMemBufferCopy(bitcode, buffer.getBufferIdentifier());
}

Error record(StringRef path, StringRef output) {
  ErrorOr<std::unique_ptr<MemoryBuffer>> file =
      MemoryBuffer::getFile(path, /*IsText=*/false,
                            /*RequiresNullTerminator=*/false);
  if (std::error_code code = file.getError())
    return errorCodeToError(code);
  Expected<std::unique_ptr<Archive>> archive = Archive::create(**file);
  if (!archive)
    return archive.takeError();
  std::vector<NewArchiveMember> members;
  Error error = Error::success();
  for (const Archive::Child &child : (*archive)->children(error)) {
    Expected<NewArchiveMember> member =
        NewArchiveMember::getOldMember(child, /*Deterministic=*/true);
    if (!member)
      return joinErrors(std::move(error), member.takeError());
    members.push_back(std::move(*member));
  }
  if (error)
    return error;
  std::vector<std::string> failures(members.size());
  DefaultThreadPool pool;
  for (std::size_t i = 0; i != members.size(); ++i)
    if (identify_magic(members[i].Buf->getBuffer()) == file_magic::bitcode)
      pool.async([&, i] {
        auto buffer = measured(members[i].Buf->getMemBufferRef());
        if (!buffer) {
          failures[i] = toString(buffer.takeError());
          return;
        }
        members[i].Buf = std::move(*buffer);
        members[i].MemberName = members[i].Buf->getBufferIdentifier();
      });
  pool.wait();
  for (auto [member, failure] : zip(members, failures))
    if (!failure.empty())
      return createStringError(member.MemberName + ": " + failure);
  if (std::error_code code =
          sys::fs::create_directories(sys::path::parent_path(output)))
    return errorCodeToError(code);
  return writeArchive(output, members, SymtabWritingMode::NormalSymtab,
                      Archive::K_GNU, /*Deterministic=*/true, /*Thin=*/false);
}

} // namespace

int main(int argc, char **argv) {
  InitLLVM init(argc, argv);
  createTargetMachine(0); // registers the target for all threads
  if (argc != 3) {
    errs() << "usage: ampoule-record ARCHIVE OUTPUT\n";
    return 1;
  }
  if (Error error = record(argv[1], argv[2])) {
    errs() << "ampoule-record: error: " << argv[1] << ": "
           << toString(std::move(error)) << '\n';
    return 1;
  }
  return 0;
}
