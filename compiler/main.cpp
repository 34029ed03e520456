// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// ampoule-c++ and ampoule-cc. The same executable is its own compiler
// (-cc1 …) and linker (-cc1link …), as clang's is.
#include "compiler/Driver.h"
#include "compiler/Frontend.h"
#include "linker/Link.h"

#include "clang/Driver/Driver.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;

int main(int argc, char **argv) {
  InitLLVM init(argc, argv);
  setBugReportMsg("This is a bug in Ampoule or in the clang it is made of: "
                  "please report it with the files named below.\n");
  SmallVector<const char *, 256> args(argv, argv + argc);
  BumpPtrAllocator allocator;
  if (Error error = clang::driver::expandResponseFiles(
          args, /*ClangCLMode=*/false, allocator)) {
    errs() << "ampoule: error: " << toString(std::move(error)) << '\n';
    return 1;
  }
  std::string program = sys::fs::getMainExecutable(
      argv[0], reinterpret_cast<void *>(reinterpret_cast<intptr_t>(main)));
  StringRef mode = args.size() > 1 ? args[1] : "";
  if (mode == "-cc1")
    return ampoule::compiler::runFrontend(ArrayRef(args).drop_front(2),
                                          args[0]);
  if (mode == "-cc1link")
    return ampoule::linker::linkMain(ArrayRef(args).drop_front(2), program);
  return ampoule::compiler::drive(args, program);
}
