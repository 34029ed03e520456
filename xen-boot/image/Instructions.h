// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Instructions that could undo a seal, wherever in the bytes of code they
// begin.
#pragma once

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include <cstdint>
#include <vector>

namespace ampoule::image {

struct Instruction {
  std::uint64_t address;
  llvm::StringRef name; ///< as the SDM has it: mov to control register, wrmsr
  bool isHypercall;     ///< vmcall, vmmcall or syscall
};

/// Every byte offset at which one begins: writes of control registers, MSRs and
/// XCR0; loads of descriptor tables and the task register; returns to another
/// ring or mode; control of VMX and SVM; hypercalls. Opcodes are those of Intel
/// SDM volume 2 and AMD APM volume 3. One-byte opcodes (in, out, cli, hlt,
/// iret, far returns) are not among them: no code is free of their bytes.
std::vector<Instruction> findPrivileged(llvm::ArrayRef<std::uint8_t> code,
                                        std::uint64_t address);

} // namespace ampoule::image
