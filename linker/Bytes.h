// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// How many bytes each definition has before anything is pruned: what code
// generation makes of it as it came in. A library records that when it is built
// (attributes in its bitcode), so that a link has to generate no more than the
// program's own code for it.
#pragma once

#include "linker/Program.h"

#include "llvm/Object/ELFObjectFile.h"

namespace ampoule::linker {

/// Code, data, frames and exception tables.
struct BytesBefore {
  std::map<std::string, std::uint64_t> byModule;
  llvm::StringMap<std::uint64_t> bySymbol;
};

/// Measures the program, without changing it.
BytesBefore measureBefore(const Program &program);

/// Forgets what libraries recorded: attributes would keep equal functions
/// apart.
void dropRecordedBytes(Program &program);

/// Gives each definition of a library's module its bytes.
void recordBytes(llvm::Module &module);

/// The name of a section; empty if it cannot be read.
llvm::StringRef nameOf(const llvm::object::ELFSectionRef &section);

/// Calls back with each symbol that has a name and an address.
void eachSymbol(
    const llvm::object::ELFObjectFileBase &file,
    llvm::function_ref<void(const llvm::object::ELFSymbolRef &,
                            llvm::StringRef name, std::uint64_t address)>
        action);

} // namespace ampoule::linker
