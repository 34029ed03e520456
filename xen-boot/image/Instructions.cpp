// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// All of them begin with 0f. What follows decides, or the ModRM byte behind it:
// mod in bits 7-6, reg in bits 5-3.
#include "xen-boot/image/Instructions.h"

using namespace llvm;

namespace ampoule::image {
namespace {

/// 0f 00 and 0f 01 with a memory operand, and 0f 00 with a register.
StringRef nameOfTableLoad(unsigned opcode, unsigned reg) {
  if (opcode == 0)
    return reg == 2 ? "lldt" : reg == 3 ? "ltr" : "";
  return reg == 2 ? "lgdt" : reg == 3 ? "lidt" : reg == 6 ? "lmsw" : "";
}

/// 0f 01 with a ModRM byte that names no memory.
StringRef nameOfSystem(unsigned modrm) {
  switch (modrm) {
  case 0xc0:
    return "enclv";
  case 0xc1:
    return "vmcall";
  case 0xc2:
    return "vmlaunch";
  case 0xc3:
    return "vmresume";
  case 0xc4:
    return "vmxoff";
  case 0xc5:
    return "pconfig";
  case 0xc6:
    return "wrmsrns";
  case 0xcf:
    return "encls";
  case 0xd1:
    return "xsetbv";
  case 0xd4:
    return "vmfunc";
  case 0xd8:
    return "vmrun";
  case 0xd9:
    return "vmmcall";
  case 0xda:
    return "vmload";
  case 0xdb:
    return "vmsave";
  case 0xdc:
    return "stgi";
  case 0xdd:
    return "clgi";
  case 0xde:
    return "skinit";
  case 0xdf:
    return "invlpga";
  }
  return modrm >= 0xf0 && modrm <= 0xf7 ? "lmsw" : "";
}

StringRef nameOf(unsigned opcode, unsigned modrm) {
  unsigned reg = modrm >> 3 & 7;
  bool isMemory = modrm >> 6 != 3;
  switch (opcode) {
  case 0x00:
    return nameOfTableLoad(0, reg);
  case 0x01:
    return isMemory ? nameOfTableLoad(1, reg) : nameOfSystem(modrm);
  case 0x05:
    return "syscall";
  case 0x07:
    return "sysret";
  case 0x22:
    return "mov to control register";
  case 0x30:
    return "wrmsr";
  case 0x34:
    return "sysenter";
  case 0x35:
    return "sysexit";
  case 0x78:
    return "vmread";
  case 0x79:
    return "vmwrite";
  case 0xaa:
    return "rsm";
  // With a register these are rdrand, rdseed and rdpid.
  case 0xc7:
    return isMemory && reg >= 6 ? "vmptrld" : "";
  }
  return "";
}

} // namespace

std::vector<Instruction> findPrivileged(ArrayRef<std::uint8_t> code,
                                        std::uint64_t address) {
  std::vector<Instruction> found;
  for (std::size_t i = 0; i + 1 < code.size(); ++i) {
    if (code[i] != 0x0f)
      continue;
    // At the very end there is no ModRM byte to execute.
    unsigned modrm = i + 2 < code.size() ? code[i + 2] : 0;
    StringRef name = nameOf(code[i + 1], modrm);
    if (!name.empty())
      found.push_back(
          {address + i, name,
           name == "vmcall" || name == "vmmcall" || name == "syscall"});
  }
  return found;
}

} // namespace ampoule::image
