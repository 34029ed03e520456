// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The `ampoule` command: what one does with a finished image.
#include "tools/Configuration.h"
#include "tools/Diff.h"
#include "tools/Report.h"
#include "tools/Verify.h"
#include "tools/Why.h"
#include "xen-boot/run/CommandLine.h"
#include "xen-boot/run/Run.h"
#include "xen-boot/run/Symbolize.h"
#include "xen-boot/run/XlConfig.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Option/ArgList.h"
#include "llvm/Option/OptTable.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/LineIterator.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace llvm::opt;
using namespace ampoule;

namespace {

#define OPTTABLE_STR_TABLE_CODE
#include "tools/Options.inc"
#undef OPTTABLE_STR_TABLE_CODE

enum Id {
  OPT_INVALID = 0,
#define OPTION(...) LLVM_MAKE_OPT_ID(__VA_ARGS__),
#include "tools/Options.inc"
#undef OPTION
};

#define OPTTABLE_PREFIXES_TABLE_CODE
#include "tools/Options.inc"
#undef OPTTABLE_PREFIXES_TABLE_CODE

constexpr OptTable::Info kInfoTable[] = {
#define OPTION(...) LLVM_CONSTRUCT_OPT_INFO(__VA_ARGS__),
#include "tools/Options.inc"
#undef OPTION
};

class ToolOptTable : public GenericOptTable {
public:
  ToolOptTable()
      : GenericOptTable(OptionStrTable, OptionPrefixesTable, kInfoTable) {}
};

int fail(const Twine &message) {
  errs() << "ampoule: error: " << message << '\n';
  return run::kRunFailed;
}

/// share/ampoule of the tree that this program stands in.
std::string sharePath() {
  static int anchor;
  SmallString<128> path(sys::fs::getMainExecutable(nullptr, &anchor));
  path = sys::path::parent_path(sys::path::parent_path(path));
  sys::path::append(path, "share", "ampoule");
  return std::string(path);
}

/// Options stand before the image; what is behind it belongs to the program.
struct Words {
  std::vector<const char *> options;
  std::string image;
  std::vector<std::string> arguments;
};

Words split(const ToolOptTable &table, ArrayRef<const char *> words) {
  InputArgList all(words.begin(), words.end());
  unsigned count = 0;
  // A word may be the value of the option before it; the last one's may lack.
  while (count < words.size() && words[count][0] == '-')
    std::unique_ptr<Arg>(table.ParseOneArg(all, count));
  count = std::min<unsigned>(count, words.size());
  Words result;
  result.options = words.take_front(count).vec();
  words = words.drop_front(count);
  if (!words.empty()) {
    result.image = words.front();
    for (const char *word : words.drop_front())
      result.arguments.push_back(word);
  }
  return result;
}

bool readNumber(const InputArgList &args, Id id, unsigned least,
                unsigned &value) {
  const Arg *arg = args.getLastArg(id);
  if (!arg)
    return true;
  if (!StringRef(arg->getValue()).getAsInteger(10, value) && value >= least)
    return true;
  fail("invalid value '" + Twine(arg->getValue()) + "' in '" +
       arg->getSpelling() + "'");
  return false;
}

/// The words before "--" on the image's command line; nothing after a mistake.
std::optional<std::vector<std::string>>
readEnvironment(const InputArgList &args,
                const std::optional<linker::Report> &report) {
  std::vector<std::string> words;
  for (const std::string &assignment : args.getAllArgValues(OPT_param)) {
    if (Error error = tools::checkParameter(assignment, report)) {
      fail("--param=" + assignment + ": " + toString(std::move(error)));
      return std::nullopt;
    }
    words.push_back("ampoule." + assignment);
  }
  for (std::string &variable : args.getAllArgValues(OPT_env))
    words.push_back(std::move(variable));
  return words;
}

bool isGood(Error error) {
  if (!error)
    return true;
  fail(toString(std::move(error)));
  return false;
}

template <class T> bool add(std::vector<T> &to, Expected<T> value) {
  if (!value)
    return isGood(value.takeError());
  to.push_back(std::move(*value));
  return true;
}

bool readDevices(const InputArgList &args, run::Request &request) {
  run::Devices &devices = request.devices;
  for (const Arg *arg : args.filtered(OPT_net, OPT_net_bridge, OPT_mac)) {
    if (!arg->getOption().matches(OPT_mac)) {
      devices.interfaces.emplace_back();
      if (arg->getOption().matches(OPT_net_bridge))
        devices.interfaces.back().bridge = arg->getValue();
      continue;
    }
    Expected<std::string> mac = run::parseMac(arg->getValue());
    if (!mac)
      return isGood(mac.takeError());
    if (devices.interfaces.empty()) {
      fail("--mac: there is no --net before it");
      return false;
    }
    devices.interfaces.back().mac = std::move(*mac);
  }
  for (const std::string &text : args.getAllArgValues(OPT_forward))
    if (!add(devices.forwards, run::parseForward(text)))
      return false;
  for (const std::string &text : args.getAllArgValues(OPT_disk))
    if (!add(devices.disks, run::parseDisk(text)))
      return false;
  devices.capture = args.getLastArgValue(OPT_pcap).str();
  devices.tap = args.getLastArgValue(OPT_tap).str();
  return isGood(run::checkDevices(devices));
}

/// What `run` and `config` have in common; false after a mistake. `report` is
/// the image's, if there is one.
bool readRequest(ArrayRef<const char *> words, run::Request &request,
                 std::optional<linker::Report> &report, bool &done) {
  ToolOptTable table;
  Words parts = split(table, words);
  unsigned missingIndex = 0, missingCount = 0;
  InputArgList args =
      table.ParseArgs(parts.options, missingIndex, missingCount);
  for (const Arg *arg : args.filtered(OPT_UNKNOWN)) {
    fail("unknown option '" + Twine(arg->getSpelling()) + "'");
    return false;
  }
  if (missingCount != 0) {
    fail(Twine(parts.options[missingIndex]) + " needs a value");
    return false;
  }
  if (args.hasArg(OPT_help)) {
    table.printHelp(outs(), "ampoule run|config [options] IMAGE [ARG...]",
                    "Boots an image, or prints its xl configuration");
    done = true;
    return true;
  }
  if (args.hasArg(OPT_probe)) {
    std::string missing;
    done = true;
    if (run::canRun(run::Way::Guest, missing))
      return true;
    fail("Xen cannot be run here; install " + missing);
    return false;
  }
  if (parts.image.empty()) {
    fail("no image given");
    return false;
  }
  request.image = parts.image;
  request.ramdisk = args.getLastArgValue(OPT_ramdisk);
  // What another kernel would make of our input is not known.
  request.hasInput = !args.hasArg(OPT_no_input) && !args.hasArg(OPT_ramdisk);
  request.quiet = args.hasArg(OPT_quiet);
  request.verbose = args.hasArg(OPT_verbose);
  if (args.hasFlag(OPT_pv, OPT_pvh, false))
    request.kind = run::Kind::Pv;
  if (const Arg *way = args.getLastArg(OPT_direct, OPT_dom0))
    request.way =
        way->getOption().matches(OPT_dom0) ? run::Way::Dom0 : run::Way::Direct;
  if (const Arg *device =
          args.getLastArg(OPT_net, OPT_net_bridge, OPT_disk, OPT_forward);
      device && request.way != run::Way::Guest) {
    fail(Twine(device->getSpelling()) + ": only a domU has devices; not with " +
         (request.way == run::Way::Dom0 ? "--dom0" : "--direct"));
    return false;
  }
  if (request.way == run::Way::Direct && args.hasArg(OPT_pv)) {
    fail("--pv and --direct exclude each other: without Xen there is no PV");
    return false;
  }
  if (const Arg *debugger = args.getLastArg(OPT_gdb, OPT_gdb_eq)) {
    if (request.way != run::Way::Direct) {
      fail(Twine(debugger->getSpelling()) + " is for --direct");
      return false;
    }
    request.gdbPort = 1234;
    request.timeout = 0; // a person is in no hurry
  }
  request.hypervisor = args.getLastArgValue(OPT_hypervisor);
  request.shim = args.getLastArgValue(OPT_shim);
  request.dom0Script = args.getLastArgValue(OPT_dom0_script);
  if (!request.dom0Script.empty() && request.way != run::Way::Guest) {
    fail("--dom0-script= is for a domU under xl: without --dom0 and --direct");
    return false;
  }
  if (request.way == run::Way::Direct && !request.hypervisor.empty()) {
    fail("--hypervisor= and --direct exclude each other");
    return false;
  }
  if (!request.shim.empty()) {
    if (request.way != run::Way::Guest || args.hasArg(OPT_pvh)) {
      fail("--shim= is for a PV guest under xl: without --dom0, --direct and "
           "--pvh");
      return false;
    }
    request.kind = run::Kind::Pv;
  }
  request.sharePath = sharePath();
  report = tools::findReport(request.image);
  if (report)
    request.memory = report->settings[linker::SettingId::Memory].number >> 20;
  auto environment = readEnvironment(args, report);
  if (!environment)
    return false;
  request.commandLine =
      request.ramdisk.empty()
          ? run::formatCommandLine(*environment,
                                   sys::path::filename(parts.image),
                                   parts.arguments)
          : llvm::join(parts.arguments, " "); // Linux has its own rules
  // MAX_GUEST_CMDLINE (xen/include/public/xen.h), with the final zero.
  if (request.commandLine.size() >= 1024) {
    fail("the command line is longer than Xen passes on (1023 bytes)");
    return false;
  }
  return readDevices(args, request) &&
         readNumber(args, OPT_memory, 1, request.memory) &&
         readNumber(args, OPT_gdb_eq, 1, request.gdbPort) &&
         readNumber(args, OPT_timeout, 0, request.timeout);
}

int runImage(ArrayRef<const char *> words) {
  run::Request request;
  std::optional<linker::Report> report;
  bool done = false;
  if (!readRequest(words, request, report, done))
    return run::kRunFailed;
  return done ? 0 : run::run(request);
}

int printConfig(ArrayRef<const char *> words) {
  run::Request request;
  std::optional<linker::Report> report;
  bool done = false;
  if (!readRequest(words, request, report, done))
    return 1;
  if (done)
    return 0;
  SmallString<128> path(request.image);
  if (sys::fs::make_absolute(path) || !sys::fs::exists(path)) {
    fail("cannot open " + request.image + ": No such file or directory");
    return 1;
  }
  outs() << run::xlConfig(request,
                          {sys::path::filename(path).str(), std::string(path),
                           request.ramdisk, /*isOurDom0=*/false},
                          "destroy");
  if (report && !report->parameters.empty()) {
    outs() << "# parameters: ampoule.NAME=VALUE in cmdline, before --\n";
    tools::printParameters(report->parameters, "#   ", outs());
  }
  return 0;
}

int symbolize(ArrayRef<const char *> words) {
  if (words.size() != 1)
    return fail("usage: ampoule symbolize IMAGE < report");
  Expected<run::Symbolizer> symbolizer = run::Symbolizer::open(words[0]);
  if (!symbolizer) {
    fail(toString(symbolizer.takeError()));
    return 1;
  }
  ErrorOr<std::unique_ptr<MemoryBuffer>> input = MemoryBuffer::getSTDIN();
  if (!input) {
    fail("cannot read standard input");
    return 1;
  }
  for (line_iterator line(**input, /*SkipBlanks=*/false); !line.is_at_end();
       ++line) {
    Expected<std::string> text = symbolizer->rewrite(line->rtrim('\r'));
    if (!text) {
      fail(toString(text.takeError()));
      return 1;
    }
    outs() << *text << '\n';
  }
  return 0;
}

/// A subcommand's words: options anywhere, of `allowed` alone. Nothing after
/// --help or a mistake, which has been answered; `code` is then what to return.
std::optional<InputArgList> parse(const ToolOptTable &table,
                                  ArrayRef<const char *> words,
                                  ArrayRef<Id> allowed, StringRef usage,
                                  unsigned least, unsigned most, int &code) {
  unsigned missingIndex = 0, missingCount = 0;
  InputArgList args = table.ParseArgs(words, missingIndex, missingCount);
  code = run::kRunFailed;
  for (const Arg *arg : args)
    if (!arg->getOption().matches(OPT_INPUT) &&
        !arg->getOption().matches(OPT_help) &&
        none_of(allowed, [&](Id id) { return arg->getOption().matches(id); })) {
      fail("unknown option '" + Twine(arg->getAsString(args)) + "'");
      return std::nullopt;
    }
  std::size_t inputs = args.getAllArgValues(OPT_INPUT).size();
  bool wantsHelp = args.hasArg(OPT_help);
  if (!wantsHelp && inputs >= least && inputs <= most)
    return args;
  (wantsHelp ? outs() : errs()) << "usage: ampoule " << usage << '\n';
  if (wantsHelp)
    code = 0;
  return std::nullopt;
}

int why(ArrayRef<const char *> words) {
  ToolOptTable table;
  int code;
  std::optional<InputArgList> args =
      parse(table, words, {OPT_before, OPT_all_roots},
            "why [--before] [--all-roots] IMAGE SYMBOL...", 2, ~0u, code);
  if (!args)
    return code;
  std::vector<std::string> inputs = args->getAllArgValues(OPT_INPUT);
  return tools::printWhy({inputs[0], ArrayRef(inputs).drop_front(),
                          args->hasArg(OPT_before),
                          args->hasArg(OPT_all_roots)});
}

int report(ArrayRef<const char *> words) {
  ToolOptTable table;
  int code;
  std::optional<InputArgList> args =
      parse(table, words, {OPT_json, OPT_html, OPT_pages},
            "report [--json|--html|--pages] IMAGE", 1, 1, code);
  if (!args)
    return code;
  tools::ReportForm form = tools::ReportForm::Text;
  if (const Arg *arg = args->getLastArg(OPT_json, OPT_html, OPT_pages))
    form = arg->getOption().matches(OPT_json)   ? tools::ReportForm::Json
           : arg->getOption().matches(OPT_html) ? tools::ReportForm::Html
                                                : tools::ReportForm::Pages;
  return tools::printReport(args->getLastArgValue(OPT_INPUT), form,
                            sharePath());
}

bool readBytes(const InputArgList &args, Id id,
               std::optional<std::int64_t> &bytes) {
  const Arg *arg = args.getLastArg(id);
  if (!arg || (bytes = tools::parseBytes(arg->getValue())))
    return true;
  fail("invalid value '" + Twine(arg->getValue()) + "' in '" +
       arg->getSpelling() + "'");
  return false;
}

int diff(ArrayRef<const char *> words) {
  ToolOptTable table;
  int code;
  std::optional<InputArgList> args =
      parse(table, words, {OPT_fail_over, OPT_max_size, OPT_forbid},
            "diff [--fail-over=BYTES] [--max-size=BYTES] [--forbid=GLOB] "
            "BEFORE AFTER",
            2, 2, code);
  if (!args)
    return code;
  std::vector<std::string> inputs = args->getAllArgValues(OPT_INPUT);
  tools::DiffRequest request;
  request.before = inputs[0];
  request.after = inputs[1];
  request.forbidden = args->getAllArgValues(OPT_forbid);
  if (!readBytes(*args, OPT_fail_over, request.failOver) ||
      !readBytes(*args, OPT_max_size, request.maxSize))
    return run::kRunFailed;
  return tools::printDiff(request);
}

int verify(ArrayRef<const char *> words) {
  ToolOptTable table;
  int code;
  std::optional<InputArgList> args = parse(
      table, words, {OPT_mappings}, "verify [--mappings] IMAGE", 1, 1, code);
  if (!args)
    return code;
  return tools::printVerification(args->getLastArgValue(OPT_INPUT),
                                  args->hasArg(OPT_mappings));
}

struct Subcommand {
  StringLiteral name;
  StringLiteral help;
  int (*run)(ArrayRef<const char *>);
};

constexpr Subcommand kSubcommands[] = {
    {"run", "boot an image and return its exit status", runImage},
    {"config", "print the xl configuration of an image", printConfig},
    {"report", "show what is in an image", report},
    {"diff", "compare two images, and fail if the second may not be so", diff},
    {"verify", "prove from the file alone that an image can be sealed", verify},
    {"why", "explain why a symbol is in an image, or is not", why},
    {"symbolize", "name the addresses in a panic report", symbolize},
};

void printUsage(raw_ostream &os) {
  os << "usage: ampoule <command> ...\n";
  for (const Subcommand &command : kSubcommands)
    os << "  " << left_justify(command.name, 10) << ' ' << command.help << '\n';
}

} // namespace

int main(int argc, char **argv) {
  InitLLVM init(argc, argv);
  InitializeAllTargetInfos();
  StringRef name = argc > 1 ? argv[1] : "";
  if (name == "--version") {
    outs() << "ampoule " AMPOULE_VERSION "\n";
    return 0;
  }
  if (name == "--help") {
    printUsage(outs());
    return 0;
  }
  for (const Subcommand &command : kSubcommands)
    if (name == command.name)
      return command.run(
          ArrayRef(const_cast<const char **>(argv) + 2, argc - 2));
  if (!name.empty())
    fail("unknown command '" + name + "'");
  printUsage(errs());
  return run::kRunFailed;
}
