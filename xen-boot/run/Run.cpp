// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Each way is a command to start and three places to look at afterwards: its
// output is the program's console, a file gets the program's exit status, and a
// file may have Xen's messages. In QEMU the status comes through port 0xe8, and
// a write to port 0xf4 ends QEMU (libos/shutdown, xen-boot/dom0/init).
#include "xen-boot/run/Run.h"
#include "xen-boot/run/Console.h"
#include "xen-boot/run/Dom0.h"
#include "xen-boot/run/Process.h"
#include "xen-boot/run/XlConfig.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/Regex.h"
#include "llvm/Support/raw_ostream.h"

#include <net/if.h>
#include <unistd.h>

using namespace llvm;

namespace ampoule::run {
namespace {

constexpr StringLiteral kHypervisorFolder = "/boot";
constexpr StringLiteral kQemu = "qemu-system-x86_64";
/// Of QEMU, beside the standard ones.
constexpr int kInputDescriptor = 3;

/// A directory for one run's files.
class Scratch {
public:
  Scratch() { code = sys::fs::createUniqueDirectory("ampoule-run", path); }
  ~Scratch() {
    if (!code)
      sys::fs::remove_directories(path);
  }
  std::string file(StringRef name) const {
    SmallString<128> result(path);
    sys::path::append(result, name);
    return std::string(result);
  }
  std::error_code code;

private:
  SmallString<128> path;
};

struct Plan {
  std::vector<std::string> command;
  std::string how;
  std::string knock;            ///< to the command's standard input, till it answers
  int ourInput = -1;            ///< the command's descriptor for our own
  std::vector<Forward> forwards; ///< with the ports that were chosen
  std::optional<int> ending;     ///< the command's status if it is not at fault
  bool hasXenLines = false;     ///< Xen's messages are mixed into the output
  bool statusIsNumber = false;  ///< in decimal; otherwise one byte
};

int fail(const Twine &message) {
  errs() << "ampoule: error: " << message << '\n';
  return kRunFailed;
}

std::string readText(const std::string &path) {
  ErrorOr<std::unique_ptr<MemoryBuffer>> buffer = MemoryBuffer::getFile(path);
  return buffer ? (*buffer)->getBuffer().str() : "";
}

/// Debian's hypervisor, the newest: xen-4.17-amd64.gz.
std::string findHypervisor() {
  std::string best;
  std::error_code code;
  for (sys::fs::directory_iterator it(kHypervisorFolder, code), end;
       it != end && !code; it.increment(code)) {
    StringRef name = sys::path::filename(it->path());
    if (name.starts_with("xen-") && name.ends_with(".gz") && it->path() > best)
      best = it->path();
  }
  return best;
}

Error unpackHypervisor(StringRef from, StringRef to) {
  ErrorOr<std::string> gzip = sys::findProgramByName("gzip");
  if (!gzip)
    return createStringError("cannot find gzip");
  std::optional<StringRef> redirects[] = {StringRef("/dev/null"), to,
                                          std::nullopt};
  if (sys::ExecuteAndWait(*gzip, {*gzip, "-dc", from}, std::nullopt, redirects))
    return createStringError("cannot unpack " + from);
  return Error::success();
}

std::vector<std::string> emulator(const Scratch &scratch) {
  return {kQemu.str(), "-accel", "tcg", "-cpu", "max,-smap", "-nodefaults",
          "-no-reboot", "-display", "none",
          "-chardev", "file,id=status,path=" + scratch.file("status"),
          "-device", "isa-debugcon,iobase=0xe8,chardev=status",
          "-device", "isa-debug-exit,iobase=0xf4,iosize=4"};
}

Expected<Plan> planDirect(const Request &request, const Scratch &scratch) {
  Plan plan;
  plan.how = "on bare QEMU, without Xen (software emulation)";
  plan.command = emulator(scratch);
  append_range(plan.command,
               std::initializer_list<std::string>{
                   "-M", "microvm,x-option-roms=off,isa-serial=on", "-m",
                   utostr(request.memory), "-chardev",
                   "stdio,id=console,signal=off", "-device",
                   "isa-debugcon,iobase=0xe9,chardev=console", "-kernel",
                   request.image, "-append", request.commandLine});
  if (request.gdbPort)
    append_range(plan.command, std::initializer_list<std::string>{
                                   "-S", "-gdb",
                                   "tcp:127.0.0.1:" + utostr(request.gdbPort)});
  return plan;
}

Expected<Plan> planDom0(const Request &request, const Scratch &scratch) {
  std::string xen = request.hypervisor;
  if (xen.empty()) {
    xen = scratch.file("xen");
    std::string packed = findHypervisor();
    if (packed.empty())
      return createStringError(
          "there is no Xen in /boot; install xen-hypervisor-4.17-amd64");
    if (Error error = unpackHypervisor(packed, xen))
      return error;
  }
  bool isPv = request.kind == Kind::Pv;
  Plan plan;
  plan.how = std::string("as ") + (isPv ? "PV" : "PVH") +
             " dom0 on Xen in QEMU (software emulation)";
  plan.hasXenLines = true;
  plan.command = emulator(scratch);
  // A PVH dom0 needs an IOMMU.
  if (!isPv)
    append_range(plan.command, std::initializer_list<std::string>{
                                   "-M", "q35", "-device", "amd-iommu"});
  // Xen waits for its clock when it boots; -icount makes that four times
  // faster.
  append_range(
      plan.command,
      std::initializer_list<std::string>{
          "-icount", "shift=8,sleep=off", "-rtc", "clock=vm", "-m",
          utostr(request.memory + (isPv ? 96 : 192)), "-serial", "stdio",
          "-kernel", xen, "-append",
          "console=com1 loglvl=warning guest_loglvl=warning dom0_mem=" +
              utostr(request.memory) + "M" + (isPv ? "" : " dom0=pvh"),
          "-initrd", request.image + " " + request.commandLine});
  return plan;
}

/// Names of domains are for the toolstack; two runs must not share one.
std::string domainName(const Request &request) {
  return (sys::path::filename(request.image) + "-" +
          utostr(sys::Process::getProcessId()))
      .str();
}

/// How the domain is called where the way is told.
std::string kindOf(const Request &request) {
  return !request.shim.empty()      ? "PV guest of xen-shim in a PVH"
         : request.kind == Kind::Pv ? "PV"
                                    : "PVH";
}

Expected<std::string> absolute(StringRef file) {
  SmallString<128> path(file);
  if (!file.empty())
    if (std::error_code code = sys::fs::make_absolute(path))
      return createStringError("cannot open " + file + ": " + code.message());
  return std::string(path);
}

/// On this machine's own Xen.
Expected<Plan> planHere(const Request &request, const Scratch &scratch) {
  Expected<std::string> image = absolute(request.image);
  if (!image)
    return image.takeError();
  Expected<std::string> shim = absolute(request.shim);
  if (!shim)
    return shim.takeError();
  if (!request.dom0Script.empty())
    return createStringError("--dom0-script=: this machine is the dom0");
  if (!request.devices.forwards.empty())
    return createStringError("--forward: on this machine's Xen the domain has "
                             "an address of its own; connect to that");
  if (!request.devices.tap.empty())
    return createStringError("--tap: on this machine's Xen, use --net=<bridge>");
  if (!request.devices.capture.empty())
    return createStringError("--pcap: on this machine's Xen, use tcpdump with "
                             "the interface of the domain");
  std::string config = scratch.file("domain.cfg");
  std::error_code code;
  raw_fd_ostream os(config, code);
  if (code)
    return createStringError("cannot write " + config + ": " + code.message());
  os << xlConfig(request,
                 {domainName(request), *image, request.ramdisk,
                  /*isOurDom0=*/false, *shim},
                 "preserve");
  Plan plan;
  plan.how = "as " + kindOf(request) + " domU on this machine's Xen";
  plan.statusIsNumber = true;
  plan.ourInput = request.hasInput ? STDIN_FILENO : -1;
  plan.command = {"sh", request.sharePath + "/dom0/run-domain", config,
                  scratch.file("status")};
  return plan;
}

/// Under xl in a small Linux dom0, on Xen in QEMU.
Expected<Plan> planEmulated(const Request &request, const Scratch &scratch) {
  if (request.memory > kMostDomainMemory)
    return createStringError("the emulated Xen has at most " +
                             utostr(kMostDomainMemory) +
                             " MiB for a domain (--memory=)");
  bool hasShim = !request.shim.empty();
  Expected<Dom0> dom0 =
      openDom0(request.sharePath, {request.hypervisor, hasShim,
                                   request.memory > kDomainMemory});
  if (!dom0)
    return dom0.takeError();
  Devices devices = request.devices;
  if (request.hasInput)
    devices.input = kInputDescriptor;
  if (!devices.tap.empty() && !if_nametoindex(devices.tap.c_str()))
    return createStringError("--tap: " + devices.tap + ": " +
                             std::strerror(errno));
  if (Error error = claimPorts(devices.forwards))
    return error;
  if (Error error = checkUnused(devices.disks))
    return error;
  if (!devices.capture.empty()) {
    std::error_code code;
    raw_fd_ostream os(devices.capture, code);
    if (code)
      return createStringError("--pcap: cannot write " + devices.capture +
                               ": " + code.message());
  }
  SmallVector<std::pair<StringRef, std::string>, 4> files = {
      {"image", request.image}};
  if (!request.ramdisk.empty())
    files.push_back({"ramdisk", request.ramdisk});
  if (hasShim)
    files.push_back({"shim", request.shim});
  if (!request.dom0Script.empty())
    files.push_back({"script", request.dom0Script});
  if (Error error = dom0->writePayload(
          scratch.file("payload"),
          xlConfig(request,
                   {domainName(request), "/payload/image",
                    request.ramdisk.empty() ? "" : "/payload/ramdisk",
                    /*isOurDom0=*/true, hasShim ? "/payload/shim" : ""},
                   "preserve"),
          deviceList(devices), files))
    return error;
  Plan plan;
  plan.how = "as " + kindOf(request) +
             " domU under xl, on Xen in QEMU (software emulation)";
  plan.command = dom0->command(scratch.file("payload"), scratch.file("status"),
                               scratch.file("log"));
  append_range(plan.command, emulatorDevices(devices));
  plan.forwards = devices.forwards;
  plan.ending = 3; // dom0's init writes 1 to isa-debug-exit
  plan.knock = "\ngo\n";
  plan.ourInput = devices.input;
  return plan;
}

/// dom0 of a running Xen, with the toolstack.
bool hasXen() {
  return StringRef(readText("/proc/xen/capabilities")).contains("control_d") &&
         sys::findProgramByName("xl");
}

Expected<Plan> makePlan(const Request &request, const Scratch &scratch) {
  if (request.way == Way::Guest && hasXen() && request.hypervisor.empty())
    return planHere(request, scratch);
  std::string missing;
  if (!canRun(request.way, missing))
    return createStringError("install " + missing);
  switch (request.way) {
  case Way::Guest:
    return planEmulated(request, scratch);
  case Way::Dom0:
    return planDom0(request, scratch);
  case Way::Direct:
    return planDirect(request, scratch);
  }
  llvm_unreachable("all ways covered");
}

/// As much as Xen says about a crash.
StringRef lastLines(StringRef text) {
  constexpr unsigned kLines = 44;
  std::size_t at = text.size();
  for (unsigned i = 0; i <= kLines && at != StringRef::npos && at != 0; ++i)
    at = text.rfind('\n', at - 1);
  return at == StringRef::npos ? text : text.drop_front(at + 1);
}

/// Where the domain was, if Xen says so:
///   RIP:    e033:[<0000000000103f17>]
std::string crashPlace(const std::string &image, StringRef messages) {
  static const Regex pattern("RIP: +[0-9a-f]+:\\[<([0-9a-f]+)>\\]");
  SmallVector<StringRef, 2> parts;
  if (!pattern.match(messages, &parts))
    return "";
  std::string line = ("  at 0x" + parts[1]).str();
  Expected<Symbolizer> symbolizer = Symbolizer::open(image);
  Expected<std::string> text =
      symbolizer ? symbolizer->rewrite(line)
                 : Expected<std::string>(symbolizer.takeError());
  if (text)
    return *text + '\n';
  consumeError(text.takeError());
  return line + '\n';
}

/// The status that the program left, if it came to that.
std::optional<int> readStatus(const Plan &plan, const std::string &path) {
  std::string text = readText(path);
  if (text.empty())
    return std::nullopt;
  if (!plan.statusIsNumber)
    return static_cast<unsigned char>(text[0]);
  unsigned status;
  if (StringRef(text).trim().getAsInteger(10, status))
    return std::nullopt;
  return static_cast<int>(status);
}

} // namespace

bool canRun(Way way, std::string &missing) {
  if (way == Way::Guest && hasXen())
    return true;
  if (!sys::findProgramByName(kQemu))
    missing = "qemu-system-x86";
  else if (way == Way::Dom0 && findHypervisor().empty())
    missing = "xen-hypervisor-4.17-amd64";
  else if (way == Way::Guest)
    missing = missingForDom0();
  return missing.empty();
}

int run(const Request &request) {
  for (const std::string &file :
       {request.image, request.hypervisor, request.shim, request.dom0Script})
    if (!file.empty() && !sys::fs::exists(file))
      return fail("cannot open " + file + ": No such file or directory");
  Scratch scratch;
  if (scratch.code)
    return fail("cannot create a scratch directory: " + scratch.code.message());
  Expected<Plan> plan = makePlan(request, scratch);
  if (!plan)
    return fail(toString(plan.takeError()));
  if (!request.quiet)
    errs() << "ampoule: running " << plan->how << '\n';
  for (const Forward &forward : plan->forwards)
    if (!request.quiet || forward.isChosen)
      errs() << "ampoule: " << describe(forward) << '\n';

  if (request.gdbPort && !request.quiet)
    errs() << "ampoule: waiting for: gdb " << request.image
           << ".dbg -ex 'target remote :" << request.gdbPort << "'\n";

  std::string xenMessages;
  Expected<ProcessResult> result = [&] {
    Console console(request.image, plan->hasXenLines);
    Expected<ProcessResult> ended =
        runProcess(plan->command, plan->knock, plan->ourInput, request.timeout,
                   [&](StringRef text) { console.write(text); });
    xenMessages = console.xenMessages();
    return ended;
  }();
  if (!result)
    return fail(toString(result.takeError()));
  xenMessages += readText(scratch.file("log"));
  std::optional<int> status = readStatus(*plan, scratch.file("status"));
  if (request.verbose)
    errs() << xenMessages;
  else if (!status && !result->timedOut)
    errs() << lastLines(xenMessages)
           << crashPlace(request.image, xenMessages);
  if (status)
    return *status;
  if (result->timedOut) {
    errs() << "ampoule: error: no end after " << request.timeout
           << " s (--timeout=)\n";
    return kTimedOut;
  }
  if (plan->ending && result->status != *plan->ending)
    return fail("QEMU could not run the machine: it ended with " +
                utostr(result->status));
  errs() << "ampoule: error: the image crashed without an exit status\n";
  return kCrashed;
}

} // namespace ampoule::run
