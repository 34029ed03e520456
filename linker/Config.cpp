// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Command line -> Config. The table of options is Options.td; this file says
// what each means. Options that cannot matter to a static image are accepted
// without effect; options that would change where things lie are refused,
// because layout and page tables are the linker's own business.
#include "linker/Config.h"
#include "linker/CallChecks.h"
#include "linker/Diag.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Option/Arg.h"
#include "llvm/Option/ArgList.h"
#include "llvm/Option/OptTable.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/StringSaver.h"
#include <random>

using namespace llvm;
using namespace llvm::opt;

namespace ampoule::linker {
namespace {

#define OPTTABLE_STR_TABLE_CODE
#include "linker/Options.inc"
#undef OPTTABLE_STR_TABLE_CODE

enum Id {
  OPT_INVALID = 0,
#define OPTION(...) LLVM_MAKE_OPT_ID(__VA_ARGS__),
#include "linker/Options.inc"
#undef OPTION
};

#define OPTTABLE_PREFIXES_TABLE_CODE
#include "linker/Options.inc"
#undef OPTTABLE_PREFIXES_TABLE_CODE

constexpr OptTable::Info kInfoTable[] = {
#define OPTION(...) LLVM_CONSTRUCT_OPT_INFO(__VA_ARGS__),
#include "linker/Options.inc"
#undef OPTION
};

class LinkOptTable : public GenericOptTable {
public:
  LinkOptTable()
      : GenericOptTable(OptionStrTable, OptionPrefixesTable, kInfoTable) {}
};

/// Position-dependent state while the arguments are read in order.
struct State {
  bool wholeArchive = false;
  bool lazy = false;
};

std::vector<std::string> symbolsIn(StringRef expression) {
  auto isPart = [](char c) {
    return isAlnum(c) || c == '_' || c == '.' || c == '$';
  };
  std::vector<std::string> names;
  while (!expression.empty()) {
    StringRef word = expression.take_while(isPart);
    if (!word.empty() && !isDigit(word.front()))
      names.push_back(word.str());
    expression = expression.drop_front(std::max<std::size_t>(word.size(), 1));
  }
  return names;
}

void refuseValue(const Arg &arg, const Twine &expected, Diag &diag) {
  diag.error("invalid value '" + Twine(arg.getValue()) + "' in '" +
             arg.getSpelling() + "': expected " + expected);
}

void readSetting(SettingId id, StringRef value, StringRef spelling,
                 Config &config, Diag &diag,
                 std::optional<std::uint64_t> unit = {}) {
  Expected<Setting> setting =
      parseSetting(id, value, unit.value_or(infoOf(id).unit));
  if (!setting) {
    diag.error("invalid value '" + value + "' in '" + spelling +
               "': " + toString(setting.takeError()));
    return;
  }
  setting->place = (spelling + value).str();
  config.settings.push_back({id, std::move(*setting)});
}

void readZ(StringRef value, Config &config, Diag &diag) {
  if (value == "muldefs") {
    config.allowMultipleDefinition = true;
    return;
  }
  if (value == "execstack" || value == "rwx" || value == "notext")
    diag.error("-z " + value +
               ": an image has no page that is writable and executable");
  // The rest (relro, now, defs, noexecstack, …) asks for what an image is, or
  // concerns dynamic linking.
}

/// Of two options for one setting the last counts.
void readSettings(const InputArgList &args, Config &config, Diag &diag) {
  constexpr std::pair<Id, SettingId> kOptions[] = {
      {OPT_ampoule_memory, SettingId::Memory},
      {OPT_ampoule_memory_max, SettingId::MemoryMax},
      {OPT_ampoule_stack, SettingId::Stack},
      {OPT_ampoule_threads, SettingId::Threads},
      {OPT_ampoule_thread_stack, SettingId::ThreadStack},
      {OPT_ampoule_time_slice, SettingId::TimeSlice},
      {OPT_ampoule_hostname, SettingId::Hostname},
      {OPT_ampoule_address, SettingId::Address},
      {OPT_ampoule_gateway, SettingId::Gateway},
      {OPT_ampoule_nameservers, SettingId::Nameservers},
      {OPT_ampoule_ipv6, SettingId::Ipv6},
      {OPT_ampoule_log, SettingId::Log},
      {OPT_ampoule_disks, SettingId::Disks},
      {OPT_ampoule_mount, SettingId::Mount}};
  for (auto [option, id] : kOptions)
    if (const Arg *arg = args.getLastArg(option))
      readSetting(id, arg->getValue(), arg->getSpelling(), config, diag);
  StringRef stackSize;
  for (const Arg *arg : args.filtered(OPT_z))
    if (StringRef value = arg->getValue(); value.consume_front("stack-size="))
      stackSize = value;
  if (!stackSize.empty() && !args.hasArg(OPT_ampoule_stack))
    readSetting(SettingId::Stack, stackSize, "-z stack-size=", config, diag,
                /*unit=*/1);
  for (const Arg *arg : args.filtered(OPT_ampoule_at_boot))
    if (const SettingId *id = find_if(kSettingIds,
                                      [&](SettingId each) {
                                        return canBeAtBoot(each) &&
                                               infoOf(each).name ==
                                                   arg->getValue();
                                      });
        id != std::end(kSettingIds))
      config.atBoot.push_back(*id);
    else
      refuseValue(*arg, "hostname, address, gateway, nameservers or log", diag);
  for (const Arg *arg : args.filtered(OPT_ampoule_embed)) {
    auto [folder, mount] = StringRef(arg->getValue()).split(':');
    if (folder.empty() || (!mount.empty() && !mount.starts_with("/")))
      refuseValue(*arg, "DIR or DIR:/MOUNT", diag);
    config.embeds.push_back({folder.str(), mount.empty() ? "/" : mount.str(),
                             arg->getAsString(args), /*base=*/""});
  }
  for (const std::string &assignment :
       args.getAllArgValues(OPT_ampoule_param)) {
    if (StringRef(assignment).contains('='))
      config.parameters.push_back(assignment);
    else
      diag.error("--ampoule-param=" + assignment + ": expected NAME=VALUE");
  }
}

/// What --print and --stop-after know, in the order of the walk.
constexpr StringLiteral kProducts[] = {"inputs",    "symbols", "merged",
                                       "modules",   "graph",   "reach",
                                       "optimised", "layout",  "page-tables"};
constexpr StringLiteral kStages[] = {"inputs",   "merge",   "modules", "reach",
                                     "optimise", "codegen", "layout",  "lld"};

bool isOneOf(ArrayRef<StringLiteral> names, const Arg &arg, Diag &diag) {
  if (is_contained(names, StringRef(arg.getValue())))
    return true;
  refuseValue(arg, "one of " + join(names, ", "), diag);
  return false;
}

void readOrdered(const InputArgList &args, Config &config, Diag &diag) {
  State state;
  std::vector<State> stack;
  auto addInput = [&](const Arg &arg, bool isLibrary) {
    config.inputs.push_back({arg.getValue(), isLibrary, state.wholeArchive,
                             state.lazy, /*isRuntime=*/false});
  };
  for (const Arg *arg : args) {
    const Option &option = arg->getOption();
    if (option.getGroup().isValid() &&
        option.getGroup().getID() == OPT_RefusedGroup) {
      diag.error("unsupported option '" + arg->getAsString(args) +
                 "': the layout of an image is not configurable");
      continue;
    }
    switch (option.getID()) {
    case OPT_INPUT:
      addInput(*arg, /*isLibrary=*/false);
      break;
    case OPT_UNKNOWN:
      diag.error("unknown argument '" + Twine(arg->getSpelling()) + "'");
      break;
    case OPT_l:
      addInput(*arg, /*isLibrary=*/true);
      break;
    case OPT_L:
      config.searchPaths.push_back(arg->getValue());
      break;
    case OPT_whole_archive:
      state.wholeArchive = true;
      break;
    case OPT_no_whole_archive:
      state.wholeArchive = false;
      break;
    case OPT_start_lib:
      state.lazy = true;
      break;
    case OPT_end_lib:
      state.lazy = false;
      break;
    case OPT_push_state:
      stack.push_back(state);
      break;
    case OPT_pop_state:
      if (stack.empty()) {
        diag.error("unbalanced --pop-state");
        break;
      }
      state = stack.back();
      stack.pop_back();
      break;
    case OPT_u:
      config.undefined.push_back(arg->getValue());
      break;
    case OPT_wrap:
      config.wrap.push_back(arg->getValue());
      break;
    case OPT_defsym: {
      auto [symbol, expression] = StringRef(arg->getValue()).split('=');
      if (symbol.empty() || expression.empty())
        diag.error("--defsym: syntax error: " + Twine(arg->getValue()));
      else
        config.defsym.push_back(
            {symbol.str(), expression.str(), symbolsIn(expression)});
      break;
    }
    case OPT_z:
      readZ(arg->getValue(), config, diag);
      break;
    case OPT_m:
      if (StringRef(arg->getValue()) != "elf_x86_64")
        diag.error("unknown emulation: " + Twine(arg->getValue()));
      break;
    case OPT_print:
      if (isOneOf(kProducts, *arg, diag))
        config.print.push_back(arg->getValue());
      break;
    }
  }
}

} // namespace

bool Config::prints(StringRef product) const {
  return is_contained(print, product);
}

std::optional<Config> parseArguments(ArrayRef<const char *> argv,
                                     StringRef prefix, Diag &diag) {
  LinkOptTable table;
  unsigned missingIndex = 0, missingCount = 0;
  InputArgList args = table.ParseArgs(argv, missingIndex, missingCount);
  if (missingCount != 0) {
    diag.error(Twine(args.getArgString(missingIndex)) + ": missing argument");
    return std::nullopt;
  }
  if (args.hasArg(OPT_version, OPT_v)) {
    outs() << "Ampoule linker " AMPOULE_VERSION " (compatible with GNU ld)\n";
    if (args.hasArg(OPT_version) || !args.hasArg(OPT_INPUT))
      return std::nullopt;
  }

  Config config;
  config.prefix = args.getLastArgValue(OPT_ampoule_prefix, prefix).str();
  config.output = args.getLastArgValue(OPT_o, "a.out").str();
  if (args.hasArg(OPT_r) && args.hasArg(OPT_shared))
    diag.error("-r and -shared may not be used together");
  if (args.hasArg(OPT_shared))
    config.kind = OutputKind::SharedLibrary;
  if (args.hasArg(OPT_r))
    config.kind = OutputKind::Relocatable;

  StringRef target = args.getLastArgValue(OPT_ampoule_target, "xen");
  if (target == "linux")
    config.target = Target::Linux;
  else if (target != "xen")
    diag.error("invalid value '" + target +
               "' in '--ampoule-target=': expected xen or linux");
  StringRef net = args.getLastArgValue(OPT_ampoule_net, "host");
  if (net != "host" && net != "tap")
    diag.error("invalid value '" + net +
               "' in '--ampoule-net=': expected host or tap");
  else if (args.hasArg(OPT_ampoule_net) && config.target != Target::Linux)
    diag.error("--ampoule-net= is for --ampoule-target=linux: an image has the "
               "network of its domain");
  else if (net == "tap")
    config.target = Target::Hosted;

  StringRef prune = args.getLastArgValue(OPT_ampoule_prune, "all");
  if (std::optional<Prune> step = StringSwitch<std::optional<Prune>>(prune)
                                      .Case("none", Prune::None)
                                      .Case("sections", Prune::Sections)
                                      .Case("lto", Prune::Lto)
                                      .Case("once", Prune::Once)
                                      .Case("all", Prune::All)
                                      .Default(std::nullopt))
    config.prune = *step;
  else
    diag.error("invalid value '" + prune +
               "' in '--ampoule-prune=': expected all, once, lto, sections or "
               "none");

  StringRef unsupported = args.getLastArgValue(OPT_ampoule_unsupported, "warn");
  if (unsupported == "error")
    config.unsupported = Unsupported::Error;
  else if (unsupported == "stub")
    config.unsupported = Unsupported::Stub;
  else if (unsupported != "warn")
    diag.error("invalid value '" + unsupported +
               "' in '--ampoule-unsupported=': expected error, warn or stub");

  // Sizes and levels as clang spells them; s and z optimise like 2.
  StringRef level = args.getLastArgValue(OPT_lto_O, "2");
  config.optLevel = StringSwitch<unsigned>(level)
                        .Case("0", 0)
                        .Cases({"1", "g"}, 1)
                        .Cases({"3", "fast", "4"}, 3)
                        .Default(2);

  std::string limit = args.getLastArgValue(OPT_error_limit_eq, "20").str();
  if (StringRef(limit).getAsInteger(10, config.errorLimit))
    diag.error("--error-limit=: number expected, but got '" + limit + "'");
  diag.errorLimit = config.errorLimit;
  config.fatalWarnings =
      args.hasFlag(OPT_fatal_warnings, OPT_no_fatal_warnings, false);
  diag.fatalWarnings = config.fatalWarnings;
  config.allowMultipleDefinition = args.hasFlag(
      OPT_allow_multiple_definition, OPT_no_allow_multiple_definition, false);
  config.warnUnresolved =
      args.hasArg(OPT_warn_unresolved_symbols) ||
      args.getLastArgValue(OPT_unresolved_symbols) == "ignore-all";
  config.demangle = !args.hasArg(OPT_no_demangle);
  config.stripAll = args.hasArg(OPT_s);
  config.trace = args.hasArg(OPT_t);
  config.time = args.hasArg(OPT_ampoule_time);
  config.measure = args.hasArg(OPT_ampoule_measure);
  config.summary = args.hasArg(OPT_ampoule_summary);
  config.hardened = args.hasArg(OPT_ampoule_hardened);
  const Arg *seed = args.getLastArg(OPT_ampoule_seed);
  config.randomSeed =
      seed ? StringRef(seed->getValue()) == "random" : config.hardened;
  if (std::uint32_t number; config.randomSeed)
    config.seed = std::random_device()();
  else if (seed && to_integer(seed->getValue(), number, 10))
    config.seed = number;
  else if (seed)
    refuseValue(*seed, "a number of 32 bits, or random", diag);
  if (const Arg *arg = args.getLastArg(OPT_ampoule_require_seal)) {
    config.requiredSeal = StringSwitch<Tier>(arg->getValue())
                              .Case("static", Tier::Static)
                              .Case("hypervisor", Tier::Hypervisor)
                              .Default(Tier::Wx);
    if (config.requiredSeal == Tier::Wx)
      refuseValue(*arg, "static or hypervisor", diag);
  }
  config.allowUnsealable = args.hasArg(OPT_ampoule_allow_unsealable);
  if (config.allowUnsealable && config.requiredSeal == Tier::Static)
    diag.error("'--ampoule-allow-unsealable' is not allowed with "
               "'--ampoule-require-seal=static'");
  config.soname = args.getLastArgValue(OPT_soname).str();
  if (args.hasArg(OPT_M))
    config.map = "-";
  if (const Arg *map = args.getLastArg(OPT_Map))
    config.map = map->getValue();
  if (const Arg *stage = args.getLastArg(OPT_stop_after);
      stage && isOneOf(kStages, *stage, diag))
    config.stopAfter = stage->getValue();
  if (const Arg *cache = args.getLastArg(OPT_ampoule_cache))
    config.cache = cache->getValue();

  readOrdered(args, config, diag);
  readSettings(args, config, diag);

  // The runtime comes last, as cc appends it; a user's own definition wins
  // because archives are searched only for what is still undefined.
  bool libraries = !args.hasArg(OPT_ampoule_nostdlib) &&
                   !args.hasArg(OPT_ampoule_nodefaultlibs);
  if (config.kind == OutputKind::Image) {
    if (config.hardened)
      config.undefined.push_back(kCheckFailed.str());
    auto add = [&](StringRef directory, StringRef name) {
      SmallString<128> path(config.prefix);
      sys::path::append(path, directory, name);
      config.inputs.push_back({std::string(path), /*isLibrary=*/false,
                               /*wholeArchive=*/false, /*lazy=*/false,
                               /*isRuntime=*/true});
    };
    if (libraries && args.hasArg(OPT_ampoule_cxx)) {
      add("sysroot/usr/lib", "libc++.a");
      add("sysroot/usr/lib", "libc++abi.a");
      add("sysroot/usr/lib", "libunwind.a");
    }
    if (libraries)
      add("sysroot/usr/lib", "libc.a");
    add(config.target == Target::Xen     ? "lib/ampoule/xen"
        : config.target == Target::Linux ? "lib/ampoule/linux"
                                         : "lib/ampoule/hosted",
        "libos.a");
    if (config.target != Target::Linux) {
      add("sysroot/usr/lib", "lwip.a");
      add("sysroot/usr/lib", "fatfs.a");
      add("sysroot/usr/lib", "arc4random.a");
    }
  }
  if (config.inputs.empty() ||
      (config.inputs.front().isRuntime && config.kind == OutputKind::Image))
    diag.error("no input files");
  return config;
}

} // namespace ampoule::linker
