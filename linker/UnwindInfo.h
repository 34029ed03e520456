// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Compact unwind information: a word for each function in place of a program that says
// the same (docs/pruning.md). The format is that of Mach-O's __TEXT,__unwind_info
// (mach-o/compact_unwind_encoding.h), which LLVM's libunwind reads.
#pragma once

#include "linker/GraphBuilder.h"

#include "llvm/DebugInfo/DWARF/LowLevel/DWARFUnwindTable.h"
#include "llvm/Support/MemoryBuffer.h"

namespace ampoule::linker {

/// A function that the linker defines: whether an image has compact unwind information.
inline constexpr llvm::StringLiteral kHasUnwindInfo = "__ampoule_compact_unwind";
/// Where it lies. There is room for it if something refers to that.
inline constexpr llvm::StringLiteral kUnwindInfo = "__ampoule_unwind_info";

/// Whether every live function's frame is known to have an encoding once code
/// generation got `prepareFrames`.
bool canHaveUnwindInfo(const Program &program, const ProgramGraph &graph,
                       const LiveSet &live);

/// Gives functions whose frame may be too large for the encoding a frame pointer.
void prepareFrames(Program &program);

/// The word for a frame; none: it cannot be said.
std::optional<std::uint32_t> encodeFrame(const llvm::dwarf::UnwindRow &row);

struct UnwindInfo {
  std::vector<std::uint8_t> bytes;
  /// Whose bytes those are; what is no function's has address zero.
  struct Piece {
    std::uint64_t offset, size, function;
  };
  std::vector<Piece> pieces;
  /// Functions that have no encoding.
  std::vector<std::uint64_t> unencodable;
};

/// Reads the frames of a linked file. `address` is where the table is to lie;
/// `isNative` says whether a function was compiled before, with a frame pointer.
llvm::Expected<UnwindInfo>
makeUnwindInfo(llvm::MemoryBufferRef elf, std::uint64_t address,
               llvm::function_ref<bool(std::uint64_t)> isNative);

} // namespace ampoule::linker
