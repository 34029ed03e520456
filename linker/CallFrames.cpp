// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Frame instructions are a program that is run from a function's first byte to
// its last, in the order of layout (DWARF 5, section 6.4). We run it, forget its
// instructions, and before each call write those that make up the difference to
// what was written last.
#include "linker/CallFrames.h"

#include "llvm/CodeGen/MachineFunctionPass.h"
#include "llvm/CodeGen/MachineInstrBuilder.h"
#include "llvm/CodeGen/TargetFrameLowering.h"
#include "llvm/CodeGen/TargetInstrInfo.h"
#include "llvm/CodeGen/TargetPassConfig.h"
#include "llvm/CodeGen/TargetSubtargetInfo.h"
#include "llvm/InitializePasses.h"
#include "llvm/MC/MCDwarf.h"
#include "llvm/PassRegistry.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Target/RegisterTargetPassConfigCallback.h"
#include <map>

using namespace llvm;

namespace ampoule::linker {
namespace {

/// What the table says of one place. Registers have DWARF's numbers.
struct FrameState {
  unsigned cfaRegister;
  std::int64_t cfaOffset;
  std::int64_t argumentsSize = 0; ///< pushed for the call (DW_CFA_GNU_args_size)
  std::map<unsigned, std::int64_t> saved = {}; ///< register, place from the CFA

  /// False: the instruction is none that can be told as a difference.
  bool run(const MCCFIInstruction &instruction,
           SmallVectorImpl<FrameState> &remembered) {
    switch (instruction.getOperation()) {
    case MCCFIInstruction::OpDefCfa:
      cfaRegister = instruction.getRegister();
      cfaOffset = instruction.getOffset();
      return true;
    case MCCFIInstruction::OpDefCfaRegister:
      cfaRegister = instruction.getRegister();
      return true;
    case MCCFIInstruction::OpDefCfaOffset:
      cfaOffset = instruction.getOffset();
      return true;
    case MCCFIInstruction::OpAdjustCfaOffset:
      cfaOffset += instruction.getOffset();
      return true;
    case MCCFIInstruction::OpOffset:
      saved[instruction.getRegister()] = instruction.getOffset();
      return true;
    case MCCFIInstruction::OpRestore:
      saved.erase(instruction.getRegister());
      return true;
    case MCCFIInstruction::OpGnuArgsSize:
      argumentsSize = instruction.getOffset();
      return true;
    case MCCFIInstruction::OpRememberState:
      remembered.push_back(*this);
      return true;
    case MCCFIInstruction::OpRestoreState: {
      if (remembered.empty())
        return false;
      std::int64_t size = argumentsSize; // no part of what is remembered
      *this = remembered.pop_back_val();
      argumentsSize = size;
      return true;
    }
    default:
      return false;
    }
  }

  /// The instructions that lead from here to `next`.
  SmallVector<MCCFIInstruction> differenceTo(const FrameState &next) const {
    SmallVector<MCCFIInstruction> result;
    if (cfaRegister != next.cfaRegister)
      result.push_back(MCCFIInstruction::cfiDefCfa(nullptr, next.cfaRegister,
                                                   next.cfaOffset));
    else if (cfaOffset != next.cfaOffset)
      result.push_back(
          MCCFIInstruction::cfiDefCfaOffset(nullptr, next.cfaOffset));
    for (auto [place, offset] : next.saved)
      if (auto known = saved.find(place);
          known == saved.end() || known->second != offset)
        result.push_back(MCCFIInstruction::createOffset(nullptr, place, offset));
    for (auto [place, offset] : saved)
      if (!next.saved.count(place))
        result.push_back(MCCFIInstruction::createRestore(nullptr, place));
    if (argumentsSize != next.argumentsSize)
      result.push_back(
          MCCFIInstruction::createGnuArgsSize(nullptr, next.argumentsSize));
    return result;
  }
};

class CallFrames : public MachineFunctionPass {
public:
  static char ID;
  CallFrames() : MachineFunctionPass(ID) {}

  StringRef getPassName() const override { return "frames at calls"; }

  bool runOnMachineFunction(MachineFunction &function) override {
    if (function.getFunction().hasOptNone() ||
        !function.getFunction().needsUnwindTableEntry())
      return false;
    const TargetFrameLowering &frames =
        *function.getSubtarget().getFrameLowering();
    const TargetRegisterInfo &registers =
        *function.getSubtarget().getRegisterInfo();
    FrameState written = {
        static_cast<unsigned>(registers.getDwarfRegNum(
            frames.getInitialCFARegister(function), /*isEH=*/true)),
        frames.getInitialCFAOffset(function)};

    FrameState state = written;
    SmallVector<FrameState> remembered;
    struct Before {
      MachineInstr *call;
      SmallVector<MCCFIInstruction> instructions;
    };
    SmallVector<Before> wanted;
    SmallVector<MachineInstr *> forgotten;
    bool isUniform = true;
    for (MachineBasicBlock &block : function)
      for (MachineInstr &instruction : block) {
        if (instruction.isCFIInstruction()) {
          if (!state.run(function.getFrameInstructions()
                             [instruction.getOperand(0).getCFIIndex()],
                         remembered))
            return false;
          forgotten.push_back(&instruction);
          continue;
        }
        // A call that is a return leaves no frame. Assembly may call.
        bool isSeen = (instruction.isCall() && !instruction.isReturn()) ||
                      instruction.isInlineAsm();
        if (!isSeen)
          continue;
        SmallVector<MCCFIInstruction> difference = written.differenceTo(state);
        isUniform &= wanted.empty() || difference.empty();
        wanted.push_back({&instruction, std::move(difference)});
        written = state;
      }

    if (isUniform && !wanted.empty())
      wanted.front().call = &*function.begin()->begin();
    const TargetInstrInfo &target = *function.getSubtarget().getInstrInfo();
    for (const Before &before : wanted)
      for (const MCCFIInstruction &instruction : before.instructions)
        BuildMI(*before.call->getParent(), before.call, DebugLoc(),
                target.get(TargetOpcode::CFI_INSTRUCTION))
            .addCFIIndex(function.addFrameInst(instruction));
    for (MachineInstr *instruction : forgotten)
      instruction->eraseFromParent();
    return true;
  }
};

char CallFrames::ID = 0;

} // namespace

void addCallFramePass() {
  static RegisterTargetPassConfigCallback add([](TargetMachine &,
                                                 PassManagerBase &,
                                                 TargetPassConfig *config) {
    // The last one that writes frame instructions.
    PassRegistry &known = *PassRegistry::getPassRegistry();
    initializeCFIInstrInserterPass(known);
    StringRef name = "cfi-instr-inserter";
    config->insertPass(known.getPassInfo(name)->getTypeInfo(),
                       new CallFrames);
  });
}

void keepFrames() {
  if (auto *isOff = static_cast<cl::opt<bool> *>(
          cl::getRegisteredOptions().lookup("no-x86-call-frame-opt")))
    isOff->setValue(true);
}

} // namespace ampoule::linker
