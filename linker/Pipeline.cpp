// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// THE WALK. Read this first: each stage is one call, and what holds from there
// on stands between the stages.
#include "linker/Pipeline.h"
#include "linker/CallChecks.h"
#include "linker/Codegen.h"
#include "linker/Configure.h"
#include "linker/Diag.h"
#include "linker/Features.h"
#include "linker/Fixpoint.h"
#include "linker/Hypercalls.h"
#include "linker/Layout.h"
#include "linker/Lld.h"
#include "linker/Merge.h"
#include "linker/NativeChecks.h"
#include "linker/Optimise.h"
#include "linker/Paths.h"
#include "linker/Prune.h"
#include "linker/Seal.h"
#include "linker/Start.h"
#include "linker/Supports.h"
#include "linker/Undefined.h"
#include "linker/UnwindInfo.h"
#include "xen-boot/abi/layout.h"
#include "xen-boot/image/Verify.h"

#include "llvm/IR/Verifier.h"
#include "llvm/Support/Format.h"
#include <chrono>

using namespace llvm;

namespace ampoule::linker {
namespace {

/// Times stages, and says whether to go on after one.
class Walk {
public:
  Walk(const Config &config, Diag &diag, raw_ostream &os)
      : config(config), diag(diag), os(os) {}

  /// False: an error was reported, or --stop-after names this stage.
  bool passed(StringRef stage) {
    auto now = std::chrono::steady_clock::now();
    if (config.time)
      errs() << format("%8.1f ms  ",
                       std::chrono::duration<double, std::milli>(now - last)
                           .count())
             << stage << '\n';
    last = now;
    return !diag.failed() && config.stopAfter != stage;
  }

  template <typename Printer> void print(StringRef product, Printer printer) {
    if (config.prints(product))
      printer(os);
  }

private:
  const Config &config;
  Diag &diag;
  raw_ostream &os;
  std::chrono::steady_clock::time_point last = std::chrono::steady_clock::now();
};

struct Placed {
  image::Image image;
  std::string map; ///< lld's
  image::Verification verification;
  std::uint64_t hypercalls; ///< that it can issue
  UnwindInfo unwindInfo;
};

/// The image with its stack lies in the memory that the domain gets.
bool checkFit(std::uint64_t end, const Settings &settings, Diag &diag) {
  for (SettingId id : {SettingId::MemoryMax, SettingId::Memory}) {
    const Setting &memory = settings[id];
    if (end + abi::kBootTables <= memory.number)
      continue;
    diag.error("the image ends at " + utostr(end >> 10) + "K, and " +
               infoOf(id).name + " is " + showValue(id, memory) +
               (memory.isStated() ? " by " + memory.place
                                  : ": give more with --ampoule-" +
                                        infoOf(id).name.str() + "="));
    return false;
  }
  return true;
}

/// Of what is compiled by our code generation the frames are as at calls.
Expected<UnwindInfo> readUnwindInfo(MemoryBufferRef elf,
                                    const image::Linked &linked,
                                    const Program &program) {
  DenseSet<std::uint64_t> natives;
  for (const InputFile *file : program.natives)
    for (const object::ELFSymbolRef &symbol : file->native->symbols())
      if (Expected<StringRef> name = symbol.getName())
        natives.insert(linked.symbol(*name));
      else
        consumeError(name.takeError());
  return makeUnwindInfo(
      elf, linked.symbol(kUnwindInfo),
      [&](std::uint64_t address) { return natives.contains(address); });
}

/// The image stage may find that the tables need more room than was planned, or
/// that code is not fit for a seal where it lies.
std::optional<Placed> layOut(ArrayRef<SmallString<0>> objects,
                             const Program &program, const Settings &settings,
                             const Extras &extras, std::uint64_t hypercalls,
                             const Config &config, Diag &diag, Walk &walk) {
  SealedLayout sealed;
  Room room;
  for (unsigned round = 0;; ++round) {
    Layout layout =
        planLayout(config, settings, room, sealed.placement(), extras);
    if (round == 0)
      walk.print("layout", [&](raw_ostream &os) { os << layout.script; });
    if (config.stopAfter == "layout")
      return std::nullopt;
    Expected<LldOutput> output = runLld(objects, program, layout, config, diag);
    if (!output) {
      std::string message = toString(output.takeError());
      if (!message.empty())
        diag.error(message);
      return std::nullopt;
    }
    if (!walk.passed("lld"))
      return std::nullopt;
    // At this point every address is fixed.
    MemoryBufferRef elf = *output->elf;
    image::SealFacts facts;
    UnwindInfo unwindInfo;
    if (config.target == Target::Xen) {
      Expected<image::Linked> linked = image::readLinked(elf);
      if (!linked) {
        diag.error(linked.takeError());
        return std::nullopt;
      }
      facts.hypercalls = hypercalls | labelledHypercalls(linked->symbols);
      if (!checkFit(linked->symbol("__ampoule_image_end"), settings, diag))
        return std::nullopt;
      unsigned needed = image::countPageTables(image::planMappings(*linked));
      bool isTooSmall = false;
      if (needed > layout.tablePages) {
        room.leafTables += needed - layout.tablePages;
        isTooSmall = true;
      }
      if (extras.unwindInfo) {
        Expected<UnwindInfo> info = readUnwindInfo(elf, *linked, program);
        if (!info) {
          diag.error(info.takeError());
          return std::nullopt;
        }
        unwindInfo = std::move(*info);
        isTooSmall |= unwindInfo.bytes.size() > room.unwindInfo;
        room.unwindInfo = unwindInfo.bytes.size();
      }
      if (isTooSmall)
        continue;
    }
    auto finish = [&]() -> Expected<image::Image> {
      if (config.target != Target::Xen)
        return image::finishLinuxProgram(elf);
      return image::finishImage(elf, facts, unwindInfo.bytes);
    };
    Expected<image::Image> image = finish();
    image::Verification verification;
    if (image && config.target == Target::Xen) {
      verification = image::verifyImage(image->file);
      if (sealed.improve(verification.violations, image->linked))
        continue;
      facts.isProved =
          reportInstructions(verification.violations, image->linked).empty();
      if (!facts.isProved)
        image = finish();
    }
    if (!image) {
      diag.error(image.takeError());
      return std::nullopt;
    }
    return Placed{std::move(*image), std::move(output->map),
                  std::move(verification), facts.hypercalls,
                  std::move(unwindInfo)};
  }
}

/// Gives each function whose frame has no encoding a frame pointer; false: all have one.
bool giveFramePointers(Program &program, const Placed &placed) {
  constexpr StringLiteral kAttribute = "frame-pointer";
  DenseSet<std::uint64_t> found(placed.unwindInfo.unencodable.begin(),
                                placed.unwindInfo.unencodable.end());
  bool changed = false;
  for (const auto &[name, address] : placed.image.linked.symbols) {
    Function *function =
        found.contains(address) ? program.module->getFunction(name) : nullptr;
    if (!function ||
        function->getFnAttribute(kAttribute).getValueAsString() == "all")
      continue;
    function->addFnAttr(kAttribute, "all");
    changed = true;
  }
  return changed;
}

} // namespace

std::optional<Product> link(const Config &config, Diag &diag, raw_ostream &os) {
  Walk walk(config, diag, os);
  std::vector<std::string> entries = entrySymbols(config.target);

  // Files and archives, in command-line order.
  std::unique_ptr<SymbolTable> symbols = resolveSymbols(config, entries, diag);
  checkNatives(*symbols, diag);
  walk.print("inputs", [&](raw_ostream &os) {
    for (const InputFile *file : symbols->loaded)
      os << file->name << '\n';
  });
  walk.print("symbols", [&](raw_ostream &os) { printSymbols(*symbols, os); });
  if (!walk.passed("inputs"))
    return std::nullopt;

  // One module; every definition knows where it came from.
  std::unique_ptr<Program> program = mergeProgram(*symbols, config, diag);
  if (!program)
    return std::nullopt;
  if (config.hardened)
    completeCallChecks(*program->module);
  else
    dropCallChecks(*program->module);
  assert(!verifyModule(*program->module, &errs()));
  walk.print("merged",
             [&](raw_ostream &os) { program->module->print(os, nullptr); });
  if (!walk.passed("merge"))
    return std::nullopt;

  // libOS records, read and released.
  ModuleSet modules = takeModules(*program, diag);
  std::vector<Supports> supports = takeSupports(*program, diag);
  // The user's configuration, and what is said of it on the command line.
  Configuration configuration = takeConfiguration(*program, config, diag);
  walk.print("modules", [&](raw_ostream &os) { printModules(modules, os); });
  if (!walk.passed("modules"))
    return std::nullopt;
  // Beyond this point no definition enters the program.

  std::unique_ptr<TargetMachine> machine = createTargetMachine(config.optLevel);
  BytesBefore before = config.measure ? measureBefore(*program) : BytesBefore();
  dropRecordedBytes(*program);
  Report report;
  report.target = config.target == Target::Xen ? "xen" : "linux";
  report.virtualsKept = program->virtualsKept;
  report.programModules = program->userModules;
  report.erasedUses = program->erasedUses;
  StringSet<> visible =
      visibleNames(*program, *symbols, config, entries, modules);
  if (config.prune >= Prune::Lto)
    internalise(*program, visible);
  else
    keepAll(*program);
  if (config.prune <= Prune::Lto || !program->virtualsKept.empty())
    keepVirtuals(*program);
  Fates fates(*program);
  Closure closure = findClosure(*program, *symbols, modules, config, entries,
                                *machine, fates, diag);
  walk.print("graph", [&](raw_ostream &os) { printGraph(closure.before, os); });
  walk.print("reach", [&](raw_ostream &os) {
    printReach(closure.graph, closure.live, os);
  });
  if (!walk.passed("reach"))
    return std::nullopt;
  NamedPaths named = takeNamedPaths(*program, closure.graph, closure.live);
  if (config.prune >= Prune::Once)
    fates.asUnreachable([&] {
      FileCounts files = dropFiles(*program, named);
      report.files = files.all;
      report.filesKept = files.kept;
      report.filesKeptFor = named.unknownAt.value_or("");
    });
  report.unimplemented = reportUnsupported(closure, config, diag);
  std::vector<ArgumentUse> uses =
      findArgumentUses(*program, closure.graph, closure.live, supports);
  reportArguments(closure, uses, config, diag);
  for (const ArgumentUse &use : uses)
    report.arguments.push_back({use.call, use.what, use.value, use.place});
  auto has = [&](StringRef name) {
    const Function *function = program->module->getFunction(name);
    return function && !function->isDeclaration();
  };
  Extras extras = {.threads = has("ampoule_take_stack"),
                       .grants = has("ampoule_take_io_page")};
  report.startedModules = addStartModules(*program, modules);
  report.features = addFeatures(*program);
  for (const Embed &embed : configuration.embeds)
    report.embeds.push_back({embed.folder, embed.mount, embed.place});
  report.parameters = addParameters(*program, configuration);
  settleCanaries(*program);
  // Beyond this point no module leaves the program; functions leave it only by
  // optimisation.

  AvailableCalls available(*program, *symbols, config);
  References references = findReferences(*program, available);
  dropUnusedLines(*program->module);
  if (config.prune >= Prune::Lto)
    compileForSize(*program);
  optimise(
      *program->module, *machine,
      config.prune == Prune::Sections ? 0 : config.optLevel,
      [&](StringRef name) { return available.contains(name); },
      &fates.instrumentation());
  if (config.hardened)
    reportFailedChecks(*program->module);
  walk.print("optimised",
             [&](raw_ostream &os) { program->module->print(os, nullptr); });
  if (!walk.passed("optimise"))
    return std::nullopt;
  if (program->hasUnwindInfo)
    prepareFrames(*program);
  StringMap<std::uint64_t> frames;
  Seal seal = {.isWanted =
                   config.target == Target::Xen && config.optLevel != 0};
  std::vector<SmallString<0>> objects =
      generateCode(*program, *machine, config.optLevel, seal, frames);
  if (config.target == Target::Xen)
    fitStack(configuration.settings, frames, diag);
  report.settings = configuration.settings;
  if (!walk.passed("codegen"))
    return std::nullopt;
  // Not yet a reason to stop: the final link may find more of them.
  reportUndefined(*program, references, available, config, diag);

  std::uint64_t hypercalls = issuedHypercalls(*program->module) |
                             issuedByNatives(closure.graph, closure.live);
  std::optional<Placed> placed;
  if (const GlobalValue *info = program->module->getNamedValue(kUnwindInfo))
    extras.unwindInfo = program->hasUnwindInfo && !info->use_empty();
  while (true) {
    placed = layOut(objects, *program, configuration.settings, extras,
                    hypercalls, config, diag, walk);
    if (!placed)
      return std::nullopt;
    if (giveFramePointers(*program, *placed)) {
      objects = generateCode(*program, *machine, config.optLevel, seal, frames);
      continue;
    }
    // A function that saves other registers than functions do.
    if (!placed->unwindInfo.unencodable.empty()) {
      Config without = config;
      without.unwindInfo = false;
      return link(without, diag, os);
    }
    report.instructions = reportInstructions(placed->verification.violations,
                                             placed->image.linked);
    if (!seal.isWanted || report.instructions.empty())
      break;
    // Many strings, or calls, and no place for all of them.
    if (!seal.hasRelativeData &&
        isAboutData(report.instructions, placed->image.linked))
      seal.hasRelativeData = true;
    else if (!seal.hasIndirectCalls)
      seal.hasIndirectCalls = true;
    else
      break;
    objects = generateCode(*program, *machine, config.optLevel, seal, frames);
    if (!walk.passed("codegen"))
      return std::nullopt;
  }
  report.seed = config.seed;
  image::Image &image = placed->image;
  walk.print("page-tables", [&](raw_ostream &os) {
    image::printMappings(image.mappings, os);
  });
  // Nobody gets an image that we could not read back and check. Instructions
  // that the program itself brought are its own business.
  for (const image::Violation &violation : placed->verification.violations)
    if (!image::isAboutCode(violation))
      diag.error("the finished image is not valid: " + violation.rule + ": 0x" +
                 utohexstr(violation.address, /*LowerCase=*/true) + ": " +
                 violation.what);
  checkSeal(report.instructions, config, diag);
  if (config.target == Target::Xen)
    report.hypercalls = hypercallNames(placed->hypercalls);
  if (diag.failed())
    return std::nullopt;
  walk.passed("image");
  FinalSymbols finalSymbols = readSymbols(image, placed->map);
  report.explanation =
      fates.explain(std::move(closure.before), closure.graph, finalSymbols);
  measureImage(report, image, finalSymbols, placed->unwindInfo, before);
  std::string text;
  raw_string_ostream stream(text);
  writeJson(report, stream);
  walk.passed("report");
  return Product{std::move(image), std::move(report), std::move(text)};
}

} // namespace ampoule::linker
