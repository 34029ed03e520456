// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The program's output comes from QEMU's debug console (direct) or from Xen's
// serial line, where Xen's own lines start with "(XEN)". Its exit status comes
// through port 0xe8, and a write to port 0xf4 ends QEMU (libos/shutdown).
#include "xen-boot/run/Run.h"
#include "xen-boot/run/Process.h"
#include "xen-boot/run/Symbolize.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;

namespace ampoule::run {
namespace {

constexpr StringLiteral kHypervisorFolder = "/boot";
constexpr StringLiteral kQemu = "qemu-system-x86_64";

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

/// Copies the console line by line: drops Xen's own lines, names the addresses
/// of a panic report.
class Console {
public:
  Console(const Request &request, bool hasXenLines)
      : request(request), hasXenLines(hasXenLines) {}
  ~Console() {
    if (!line.empty())
      finishLine(/*complete=*/false);
  }

  void write(StringRef text) {
    for (char c : text) {
      if (c == '\r')
        continue;
      if (c == '\n') {
        finishLine(/*complete=*/true);
        continue;
      }
      if (shown) {
        outs() << c;
        continue;
      }
      line += c;
      // Hold back only what may turn out to be Xen's or an address.
      if (!mayBeSpecial())
        show();
    }
    outs().flush();
  }

private:
  bool mayBeSpecial() const {
    for (StringRef prefix : {"(XEN)", "  at 0x", "  build "})
      if (StringRef(line).starts_with(prefix.take_front(line.size())))
        return true;
    return false;
  }
  void show() {
    outs() << line;
    line.clear();
    shown = true;
  }
  void finishLine(bool complete) {
    if (!shown && hasXenLines && StringRef(line).starts_with("(XEN)")) {
      if (request.verbose)
        errs() << line << '\n';
      line.clear();
      return;
    }
    if (StringRef(line).starts_with("  at 0x"))
      line = symbolized();
    show();
    if (complete)
      outs() << '\n';
    shown = false;
  }
  std::string symbolized() {
    if (!symbolizer && !noSymbols) {
      Expected<Symbolizer> opened = Symbolizer::open(request.image);
      if (opened)
        symbolizer = std::move(*opened);
      else
        noSymbols = (consumeError(opened.takeError()), true);
    }
    if (!symbolizer)
      return line;
    Expected<std::string> text = symbolizer->rewrite(line);
    if (text)
      return *text;
    consumeError(text.takeError());
    return line;
  }

  const Request &request;
  bool hasXenLines;
  bool shown = false; ///< the current line's start has been printed
  bool noSymbols = false;
  std::string line;
  std::optional<Symbolizer> symbolizer;
};

int fail(const Twine &message) {
  errs() << "ampoule: error: " << message << '\n';
  return kRunFailed;
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

std::vector<std::string> commonOptions(StringRef statusFile) {
  return {kQemu.str(), "-accel", "tcg", "-cpu", "max,-smap", "-nodefaults",
          "-no-reboot", "-display", "none",
          "-chardev", ("file,id=status,path=" + statusFile).str(),
          "-device", "isa-debugcon,iobase=0xe8,chardev=status",
          "-device", "isa-debug-exit,iobase=0xf4,iosize=4"};
}

} // namespace

bool canRunXen(std::string &missing) {
  if (!sys::findProgramByName(kQemu))
    missing = "qemu-system-x86";
  else if (findHypervisor().empty())
    missing = "xen-hypervisor-4.17-amd64";
  return missing.empty();
}

int run(const Request &request) {
  if (!sys::fs::exists(request.image))
    return fail("cannot open " + request.image + ": No such file or directory");
  if (!sys::findProgramByName(kQemu))
    return fail("cannot find qemu-system-x86_64; install qemu-system-x86");
  Scratch scratch;
  if (scratch.code)
    return fail("cannot create a scratch directory: " + scratch.code.message());
  std::string statusFile = scratch.file("status");
  std::vector<std::string> command = commonOptions(statusFile);
  std::string memory = utostr(request.memory);
  auto add = [&](std::initializer_list<std::string> words) {
    command.insert(command.end(), words);
  };
  StringRef how;
  if (request.way == Way::Direct) {
    how = "on bare QEMU, without Xen";
    add({"-M", "microvm,x-option-roms=off,isa-serial=on", "-m", memory,
         "-chardev", "stdio,id=console,signal=off", "-device",
         "isa-debugcon,iobase=0xe9,chardev=console", "-kernel", request.image,
         "-append", request.commandLine});
  } else {
    std::string packed = findHypervisor(), xen = scratch.file("xen");
    if (packed.empty())
      return fail("there is no Xen in /boot; install "
                  "xen-hypervisor-4.17-amd64");
    if (Error error = unpackHypervisor(packed, xen))
      return fail(toString(std::move(error)));
    bool pv = request.way == Way::Pv;
    how = pv ? "as PV dom0 on Xen in QEMU" : "as PVH dom0 on Xen in QEMU";
    // A PVH dom0 needs an IOMMU; -icount makes Xen's own boot four times
    // faster, since it waits for the clock.
    if (!pv)
      add({"-M", "q35", "-device", "amd-iommu"});
    add({"-icount", "shift=8,sleep=off", "-rtc", "clock=vm", "-m",
         utostr(request.memory + (pv ? 96 : 192)), "-serial", "stdio",
         "-kernel", xen, "-append",
         "console=com1 loglvl=error guest_loglvl=all dom0_mem=" + memory + "M" +
             (pv ? "" : " dom0=pvh"),
         "-initrd", request.image + " " + request.commandLine});
  }
  if (!request.quiet)
    errs() << "ampoule: running " << how << " (software emulation)\n";

  Expected<ProcessResult> result = [&] {
    Console console(request, request.way != Way::Direct);
    return runProcess(command, request.timeout,
                      [&](StringRef text) { console.write(text); });
  }();
  outs().flush();
  if (!result)
    return fail(toString(result.takeError()));
  ErrorOr<std::unique_ptr<MemoryBuffer>> status =
      MemoryBuffer::getFile(statusFile);
  if (status && !(*status)->getBuffer().empty())
    return static_cast<unsigned char>((*status)->getBuffer()[0]);
  if (result->timedOut) {
    errs() << "ampoule: error: no end after " << request.timeout
           << " s (--timeout=)\n";
    return kTimedOut;
  }
  errs() << "ampoule: error: the image crashed without an exit status (QEMU "
            "ended with "
         << result->status << ")\n";
  return kCrashed;
}

} // namespace ampoule::run
