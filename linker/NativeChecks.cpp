// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Disassembles executable sections of native inputs, function by function, and
// looks for stores whose address is the stack pointer minus something (System V
// ABI, AMD64 supplement, section 3.2.2: the red zone).
#include "linker/NativeChecks.h"
#include "linker/Diag.h"
#include "linker/Optimise.h"

#include "llvm/MC/MCAsmInfo.h"
#include "llvm/MC/MCContext.h"
#include "llvm/MC/MCDisassembler/MCDisassembler.h"
#include "llvm/MC/MCInst.h"
#include "llvm/MC/MCInstrInfo.h"
#include "llvm/MC/MCRegisterInfo.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/MC/TargetRegistry.h"

using namespace llvm;
using namespace llvm::object;

namespace ampoule::linker {
namespace {

class RedZoneFinder {
public:
  RedZoneFinder()
      : machine(createTargetMachine(0)),
        context(machine->getTargetTriple(), machine->getMCAsmInfo(),
                machine->getMCRegisterInfo(), machine->getMCSubtargetInfo()),
        disassembler(machine->getTarget().createMCDisassembler(
            *machine->getMCSubtargetInfo(), context)) {
    const MCRegisterInfo &registers = *machine->getMCRegisterInfo();
    for (unsigned id = 1; id != registers.getNumRegs(); ++id)
      if (StringRef(registers.getName(id)) == "RSP")
        stackPointer = id;
  }

  /// The offset of the first store below the stack pointer.
  std::optional<std::uint64_t> find(ArrayRef<std::uint8_t> code) {
    for (std::uint64_t offset = 0; offset < code.size();) {
      MCInst instruction;
      std::uint64_t size = 0;
      if (disassembler->getInstruction(instruction, size, code.drop_front(offset),
                                       offset, nulls()) !=
          MCDisassembler::Success) {
        offset += std::max<std::uint64_t>(size, 1);
        continue;
      }
      if (storesBelow(instruction))
        return offset;
      offset += size;
    }
    return std::nullopt;
  }

private:
  /// X86 memory operands are five in a row: base, scale, index, displacement,
  /// segment (llvm/lib/Target/X86/MCTargetDesc/X86BaseInfo.h).
  bool storesBelow(const MCInst &instruction) {
    const MCInstrDesc &description =
        machine->getMCInstrInfo()->get(instruction.getOpcode());
    if (!description.mayStore() || description.isCall())
      return false;
    for (unsigned i = 0; i + 4 < instruction.getNumOperands(); ++i) {
      if (description.operands()[i].OperandType != MCOI::OPERAND_MEMORY)
        continue;
      const MCOperand &base = instruction.getOperand(i);
      const MCOperand &displacement = instruction.getOperand(i + 3);
      return base.isReg() && base.getReg() == stackPointer &&
             displacement.isImm() && displacement.getImm() < 0;
    }
    return false;
  }

  std::unique_ptr<TargetMachine> machine;
  MCContext context;
  std::unique_ptr<MCDisassembler> disassembler;
  unsigned stackPointer = 0;
};

} // namespace

std::string describeIfunc(StringRef file, StringRef symbol) {
  return (file + ": '" + symbol +
          "' is an ifunc: nothing runs its resolver when an image is loaded; "
          "choose by a function pointer")
      .str();
}

void checkNatives(const SymbolTable &symbols, Diag &diag) {
  std::optional<RedZoneFinder> finder;
  for (const InputFile *file : symbols.loaded) {
    if (!file->native || file->isRuntime)
      continue;
    for (const ELFSymbolRef &symbol : file->native->symbols()) {
      if (symbol.getELFType() != ELF::STT_GNU_IFUNC)
        continue;
      Expected<StringRef> name = symbol.getName();
      diag.error(describeIfunc(file->name, name ? *name : "?"));
      consumeError(name ? Error::success() : name.takeError());
    }
    if (!finder)
      finder.emplace();
    for (const SectionRef &section : file->native->sections()) {
      if (!section.isText())
        continue;
      Expected<StringRef> code = section.getContents();
      Expected<StringRef> name = section.getName();
      if (!code || !name) {
        diag.error(file->name + ": " +
                   toString(joinErrors(
                       code ? Error::success() : code.takeError(),
                       name ? Error::success() : name.takeError())));
        break;
      }
      std::optional<std::uint64_t> offset =
          finder->find(arrayRefFromStringRef(*code));
      if (!offset)
        continue;
      diag.error(file->name + ": section " + *name + " stores below the stack "
                 "pointer at offset 0x" + Twine::utohexstr(*offset) +
                 "; compile it with -mno-red-zone");
      break;
    }
  }
}

} // namespace ampoule::linker
