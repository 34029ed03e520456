// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The word says what holds at a function's calls, which is where exceptions come
// from: how far the stack pointer is from the return address, or that there is a
// frame pointer, and which registers were saved.
#include "linker/UnwindInfo.h"
#include "linker/Uncaught.h"

#include "llvm/ADT/MapVector.h"
#include "llvm/DebugInfo/DWARF/DWARFContext.h"
#include "llvm/DebugInfo/DWARF/DWARFDebugFrame.h"
#include "llvm/IR/InlineAsm.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/Object/ELFObjectFile.h"
#include "mach-o/compact_unwind_encoding.h"

using namespace llvm;
using namespace llvm::object;

namespace ampoule::linker {

// --- Which programs --------------------------------------------------------------

static bool hasFrames(const InputFile &file) {
  return any_of(file.native->sections(), [](const SectionRef &section) {
    Expected<StringRef> name = section.getName();
    if (!name) {
      consumeError(name.takeError());
      return true;
    }
    return *name == ".eh_frame";
  });
}

/// Whether it saves the registers that functions save, and no assembly speaks of its
/// frame. What is not optimised keeps its frames as a debugger likes them.
static bool hasKnownFrame(const Function &function) {
  if (!is_contained({CallingConv::C, CallingConv::Fast, CallingConv::Cold,
                     CallingConv::Tail, CallingConv::X86_64_SysV},
                    function.getCallingConv()))
    return false;
  if (function.hasOptNone())
    return false;
  return none_of(instructions(function), [](const Instruction &instruction) {
    const auto *call = dyn_cast<CallBase>(&instruction);
    const auto *code =
        call ? dyn_cast<InlineAsm>(call->getCalledOperand()) : nullptr;
    return code && StringRef(code->getAsmString()).contains(".cfi_");
  });
}

bool canHaveUnwindInfo(const Program &program, const ProgramGraph &graph,
                       const LiveSet &live) {
  const llvm::Module &module = *program.module;
  // A table that says the same of two functions says that they are one.
  if (walksStack(program) ||
      StringRef(module.getModuleInlineAsm()).contains(".cfi_"))
    return false;
  for (const InputFile *file : program.natives)
    if (!file->isRuntime && hasFrames(*file))
      return false;
  return all_of(module, [&](const Function &function) {
    return function.isDeclaration() || !graph.isLive(&function, live) ||
           !function.needsUnwindTableEntry() || hasKnownFrame(function);
  });
}

void prepareFrames(Program &program) {
  // The encoding has eight bits for words of stack. A large frame costs nothing
  // for its pointer; what is spilled counts, too, and is not known yet.
  constexpr std::uint64_t kLarge = 1024;
  const DataLayout &layout = program.module->getDataLayout();
  for (Function &function : *program.module) {
    if (function.isDeclaration() || !function.needsUnwindTableEntry())
      continue;
    std::uint64_t size = 0;
    for (const Instruction &instruction : function.getEntryBlock())
      if (const auto *variable = dyn_cast<AllocaInst>(&instruction))
        if (std::optional<TypeSize> bytes =
                variable->getAllocationSize(layout))
          size += bytes->getFixedValue();
    if (size > kLarge)
      function.addFnAttr("frame-pointer", "all");
  }
}

// --- What a frame is in one word -------------------------------------------------

/// DWARF's numbers (System V ABI, AMD64 supplement, figure 3.36) of what functions
/// save, in the order of the encoding's numbers, which begin with 1.
static constexpr unsigned kSaved[] = {3, 12, 13, 14, 15, 6};
static constexpr unsigned kFramePointer = 6, kStackPointer = 7,
                          kReturnAddress = 16;

namespace {

/// Place of the saved register in words below the return address's; its number in the
/// encoding.
using SavedRegisters = std::map<unsigned, unsigned>;

} // namespace

/// The bits of a field, in their place.
static std::uint32_t inField(std::uint32_t mask, std::uint32_t value) {
  return value << countr_zero(mask);
}

static std::optional<std::uint32_t>
encodeWithPointer(const SavedRegisters &saved, std::int64_t cfaOffset) {
  // The caller's frame pointer is where this one points to.
  if (cfaOffset != 16 || saved.find(1) == saved.end())
    return std::nullopt;
  constexpr unsigned kPlaces = 5, kLast = 255, kBits = 3;
  std::uint32_t registers = 0;
  unsigned lowest = saved.rbegin()->first;
  for (auto [place, number] : saved) {
    if (place == 1) {
      if (number != UNWIND_X86_64_REG_RBP)
        return std::nullopt;
      continue;
    }
    if (lowest - place >= kPlaces)
      return std::nullopt;
    registers |= number << kBits * (lowest - place);
  }
  if (lowest - 1 > kLast)
    return std::nullopt;
  return UNWIND_X86_64_MODE_RBP_FRAME |
         inField(UNWIND_X86_64_RBP_FRAME_OFFSET, lowest - 1) |
         inField(UNWIND_X86_64_RBP_FRAME_REGISTERS, registers);
}

static std::optional<std::uint32_t>
encodeWithoutPointer(const SavedRegisters &saved, std::int64_t cfaOffset) {
  constexpr std::int64_t kLargest = 255 * 8;
  if (cfaOffset % 8 != 0 || cfaOffset < 8 || cfaOffset > kLargest)
    return std::nullopt;
  // They were pushed one after the other. The first in the encoding is the last.
  SmallVector<unsigned, 6> numbers;
  for (auto [place, number] : saved) {
    if (place != numbers.size() + 1)
      return std::nullopt;
    numbers.push_back(number);
  }
  std::reverse(numbers.begin(), numbers.end());
  // Of each, how many of the others that are not yet said have a lower number; as a
  // number whose digits have 6, 5, 4, … values.
  std::uint32_t permutation = 0;
  for (unsigned i = 0; i != numbers.size(); ++i) {
    std::uint32_t digit = numbers[i] - 1;
    for (unsigned j = 0; j != i; ++j)
      digit -= numbers[j] < numbers[i];
    permutation = permutation * (6 - i) + digit;
  }
  return UNWIND_X86_64_MODE_STACK_IMMD |
         inField(UNWIND_X86_64_FRAMELESS_STACK_SIZE,
                 static_cast<std::uint32_t>(cfaOffset / 8)) |
         inField(UNWIND_X86_64_FRAMELESS_STACK_REG_COUNT, numbers.size()) |
         inField(UNWIND_X86_64_FRAMELESS_STACK_REG_PERMUTATION, permutation);
}

std::optional<std::uint32_t> encodeFrame(const dwarf::UnwindRow &row) {
  const dwarf::UnwindLocation &cfa = row.getCFAValue();
  if (cfa.getLocation() != dwarf::UnwindLocation::RegPlusOffset ||
      cfa.getDereference())
    return std::nullopt;
  SavedRegisters saved;
  const dwarf::RegisterLocations &locations = row.getRegisterLocations();
  for (std::uint32_t place : locations.getRegisters()) {
    dwarf::UnwindLocation location = *locations.getRegisterLocation(place);
    std::int64_t offset = location.getOffset();
    if (location.getLocation() != dwarf::UnwindLocation::CFAPlusOffset ||
        !location.getDereference() || offset >= 0 || offset % 8 != 0)
      return std::nullopt;
    unsigned words = -offset / 8 - 1;
    if (place == kReturnAddress) {
      if (words != 0)
        return std::nullopt;
      continue;
    }
    const unsigned *known = find(kSaved, place);
    if (known == std::end(kSaved) || words == 0 ||
        !saved.emplace(words, known - kSaved + 1).second)
      return std::nullopt;
  }
  switch (cfa.getRegister()) {
  case kFramePointer:
    return encodeWithPointer(saved, cfa.getOffset());
  case kStackPointer:
    return encodeWithoutPointer(saved, cfa.getOffset());
  default:
    return std::nullopt;
  }
}

/// What holds at the calls of a function: there is one row, of our code generation; in
/// a native one, where rows speak of every push, what goes by the frame pointer.
static const dwarf::UnwindRow *atCalls(const dwarf::UnwindTable &rows,
                                       bool isNative) {
  if (rows.size() == 1)
    return &*rows.begin();
  const dwarf::UnwindRow *found = nullptr;
  if (isNative)
    for (const dwarf::UnwindRow &row : rows)
      if (row.getCFAValue().getLocation() ==
              dwarf::UnwindLocation::RegPlusOffset &&
          row.getCFAValue().getRegister() == kFramePointer)
        found = &row;
  return found;
}

// --- The table -------------------------------------------------------------------

namespace {

struct Frame {
  std::uint64_t end;
  std::uint32_t encoding;
  std::uint64_t exceptions = 0; ///< table (LSDA), if there is one
};

/// By the function's first address.
using Frames = std::map<std::uint64_t, Frame>;

class Writer {
public:
  explicit Writer(std::uint64_t address) : address(address) {}

  UnwindInfo write(const Frames &frames, ArrayRef<std::uint64_t> personalities);

private:
  struct Entry {
    std::uint64_t function;
    std::uint32_t encoding;
  };
  static constexpr std::uint16_t kPageHeader = 12;
  /// Of 4096 bytes at most, as the format says.
  struct Page {
    std::vector<Entry> entries;
    SmallMapVector<std::uint32_t, unsigned, 32> encodings; ///< their numbers

    std::size_t size() const {
      return kPageHeader + 4 * (entries.size() + encodings.size());
    }
    /// Whether it has room, and the entry's fields have, too.
    bool canTake(const Entry &entry) const {
      constexpr std::size_t kMostBytes = 4096, kMostEncodings = 1 << 8;
      constexpr std::uint64_t kReach = 1 << 24;
      bool isNew = !encodings.contains(entry.encoding);
      return size() + 4 + 4 * isNew <= kMostBytes &&
             encodings.size() + isNew <= kMostEncodings &&
             (entries.empty() ||
              entry.function - entries.front().function < kReach);
    }
  };

  std::size_t size() const { return info.bytes.size(); }
  template <typename Number> void add(Number number) {
    std::size_t at = size();
    info.bytes.resize(at + sizeof(number));
    support::endian::write(&info.bytes[at], number, endianness::little);
  }
  void addOf(std::uint64_t function, std::initializer_list<std::uint32_t> words) {
    if (function != 0)
      info.pieces.push_back(
          {size(), words.size() * sizeof(std::uint32_t), function});
    for (std::uint32_t word : words)
      add(word);
  }

  std::vector<Page> paginate(const Frames &frames) const;
  void addPage(const Page &page);

  std::uint64_t address;
  UnwindInfo info;
};

std::vector<Writer::Page> Writer::paginate(const Frames &frames) const {
  std::vector<Page> pages;
  std::uint32_t last = 0;
  auto append = [&](std::uint64_t function, std::uint32_t encoding) {
    Entry entry = {function, encoding};
    if (pages.empty() || !pages.back().canTake(entry))
      pages.emplace_back();
    Page &page = pages.back();
    page.entries.push_back(entry);
    page.encodings.insert({encoding, page.encodings.size()});
    last = encoding;
  };
  std::uint64_t end = 0;
  for (const auto &[function, frame] : frames) {
    if (end != 0 && end < function && last != 0)
      append(end, 0); // what lies between has no frame to speak of
    // An exception table belongs to one function.
    if (frame.encoding != last || frame.exceptions)
      append(function, frame.encoding);
    end = frame.end;
  }
  return pages;
}

void Writer::addPage(const Page &page) {
  std::uint16_t encodings = kPageHeader + 4 * page.entries.size();
  add<std::uint32_t>(UNWIND_SECOND_LEVEL_COMPRESSED);
  add(kPageHeader);
  add<std::uint16_t>(page.entries.size());
  add(encodings);
  add<std::uint16_t>(page.encodings.size());
  for (const Entry &entry : page.entries)
    addOf(entry.encoding ? entry.function : 0,
          {static_cast<std::uint32_t>(
               entry.function - page.entries.front().function) |
           page.encodings.lookup(entry.encoding) << 24});
  for (auto [encoding, number] : page.encodings)
    add(encoding);
}

UnwindInfo Writer::write(const Frames &frames,
                         ArrayRef<std::uint64_t> personalities) {
  if (frames.empty())
    return {};
  constexpr std::uint32_t kHeader = sizeof(unwind_info_section_header),
                          kIndexEntry =
                              sizeof(unwind_info_section_header_index_entry),
                          kWord = 4, kPointer = 8;
  std::vector<Page> pages = paginate(frames);
  std::uint32_t index = kHeader + kWord * personalities.size(),
                exceptions = index + kIndexEntry * (pages.size() + 1),
                pointers = exceptions +
                           sizeof(unwind_info_section_header_lsda_index_entry) *
                               count_if(frames, [](const auto &frame) {
                                 return frame.second.exceptions != 0;
                               });
  std::uint32_t place = pointers + kPointer * personalities.size();
  for (std::uint32_t word :
       {std::uint32_t{UNWIND_SECTION_VERSION}, kHeader, /*common encodings*/ 0u,
        kHeader, static_cast<std::uint32_t>(personalities.size()), index,
        static_cast<std::uint32_t>(pages.size() + 1)})
    add(word);
  for (std::uint32_t i = 0; i != personalities.size(); ++i)
    add(static_cast<std::uint32_t>(address + pointers + kPointer * i));
  auto frame = frames.begin();
  std::uint32_t table = exceptions;
  for (const Page &page : pages) {
    for (; frame->first < page.entries.front().function; ++frame)
      if (frame->second.exceptions)
        table += sizeof(unwind_info_section_header_lsda_index_entry);
    add(static_cast<std::uint32_t>(page.entries.front().function));
    add(place);
    add(table);
    place += page.size();
  }
  add(static_cast<std::uint32_t>(frames.rbegin()->second.end));
  add<std::uint32_t>(0);
  add(pointers);
  for (const auto &[function, frame] : frames)
    if (frame.exceptions)
      addOf(function, {static_cast<std::uint32_t>(function),
                       static_cast<std::uint32_t>(frame.exceptions)});
  for (std::uint64_t personality : personalities)
    add(personality);
  for (const Page &page : pages)
    addPage(page);
  return std::move(info);
}

/// What the final link puts between functions (int3) belongs to the first of them.
void takePadding(Frames &frames, const ObjectFile &file) {
  constexpr char kPadding = '\xcc';
  for (const SectionRef &section : file.sections()) {
    if (!section.isText() || section.getSize() == 0)
      continue;
    Expected<StringRef> bytes = section.getContents();
    if (!bytes) {
      consumeError(bytes.takeError());
      continue;
    }
    std::uint64_t start = section.getAddress(), end = start + bytes->size();
    for (auto it = frames.lower_bound(start);
         it != frames.end() && it->first < end; ++it) {
      auto next = std::next(it);
      if (next == frames.end() || next->first > end)
        break;
      Frame &frame = it->second;
      if (frame.end < next->first &&
          all_of(bytes->slice(frame.end - start, next->first - start),
                 [](char byte) { return byte == kPadding; }))
        frame.end = next->first;
    }
  }
}

} // namespace

Expected<UnwindInfo>
makeUnwindInfo(MemoryBufferRef elf, std::uint64_t address,
               function_ref<bool(std::uint64_t)> isNative) {
  Expected<std::unique_ptr<ObjectFile>> file =
      ObjectFile::createELFObjectFile(elf);
  if (!file)
    return file.takeError();
  std::unique_ptr<DWARFContext> context = DWARFContext::create(**file);
  Expected<const DWARFDebugFrame *> parsed = context->getEHFrame();
  if (!parsed)
    return parsed.takeError();
  constexpr std::size_t kPersonalities = 3; // two bits, and one says none
  SmallVector<std::uint64_t, kPersonalities> personalities;
  std::vector<std::uint64_t> unencodable;
  Frames frames;
  for (const dwarf::FrameEntry &entry : (*parsed)->entries()) {
    const auto *description = dyn_cast<dwarf::FDE>(&entry);
    if (!description)
      continue;
    std::uint64_t function = description->getInitialLocation();
    Expected<dwarf::UnwindTable> rows = dwarf::createUnwindTable(description);
    if (!rows)
      return rows.takeError();
    std::optional<std::uint32_t> encoding;
    if (const dwarf::UnwindRow *row = atCalls(*rows, isNative(function)))
      encoding = encodeFrame(*row);
    Frame frame = {function + description->getAddressRange(),
                   encoding.value_or(0),
                   description->getLSDAAddress().value_or(0)};
    if (std::optional<std::uint64_t> personality =
            description->getLinkedCIE()->getPersonalityAddress()) {
      auto *known = find(personalities, *personality);
      if (known == personalities.end()) {
        if (personalities.size() == kPersonalities)
          return createStringError("more than three personality routines");
        personalities.push_back(*personality);
        known = &personalities.back();
      }
      frame.encoding |= inField(UNWIND_PERSONALITY_MASK,
                                known - personalities.begin() + 1);
    }
    if (frame.exceptions)
      frame.encoding |= UNWIND_HAS_LSDA;
    if (!encoding)
      unencodable.push_back(function);
    frames.emplace(function, frame);
  }
  takePadding(frames, **file);
  UnwindInfo info = Writer(address).write(frames, personalities);
  info.unencodable = std::move(unencodable);
  return info;
}

} // namespace ampoule::linker
