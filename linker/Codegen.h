// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The merged module -> one relocatable object.
#pragma once

#include "linker/Program.h"

#include "llvm/ADT/StringMap.h"
#include "llvm/Target/TargetMachine.h"

namespace ampoule::linker {

/// How code is generated for an image that is to be sealed.
struct Seal {
  bool isWanted = false; ///< anew, where by chance it could undo the seal
  /// Addresses of data depend on where the code is that names them.
  bool hasRelativeData = false;
  /// Functions of many calls say whom they call by addresses, not by distances.
  bool hasIndirectCalls = false;
};

/// A section per function and per variable, so that the final link can drop
/// what only code generation might have needed. Modules above
/// kParallelThreshold instructions are generated in several threads; the pieces
/// are the same ones each time. `frames` gets the functions that need more than
/// kLargeFrame bytes of stack, and how many. It can be called again.
std::vector<llvm::SmallString<0>>
generateCode(Program &program, llvm::TargetMachine &machine, unsigned optLevel,
             const Seal &seal, llvm::StringMap<std::uint64_t> &frames);

inline constexpr std::uint64_t kLargeFrame = 32 << 10;

/// The object of one module, in this thread.
void emitObject(llvm::Module &module, llvm::TargetMachine &machine,
                llvm::SmallVectorImpl<char> &object);

/// Gives constants that no one names a symbol, so that the report can say whose
/// bytes they are. The image is stripped of them.
void nameConstants(llvm::Module &module);

inline constexpr unsigned kParallelThreshold = 15000;

} // namespace ampoule::linker
