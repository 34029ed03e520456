// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Calls lld in process. Its inputs are files, so what we hold in memory goes to
// a private directory that is removed on every way out. lld's own messages
// pass through Diag.
#include "linker/Lld.h"
#include "linker/Diag.h"

#include "lld/Common/Driver.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

LLD_HAS_DRIVER(elf)

using namespace llvm;

namespace ampoule::linker {
namespace {

class ScratchDirectory {
public:
  ScratchDirectory() {
    if (std::error_code code =
            sys::fs::createUniqueDirectory("ampoule-link", path))
      failure = createStringError("cannot create a scratch directory: " +
                                  code.message());
  }
  ~ScratchDirectory() {
    consumeError(std::move(failure));
    if (!path.empty())
      sys::fs::remove_directories(path);
  }

  Error takeFailure() { return std::move(failure); }

  Expected<std::string> write(const Twine &name, StringRef bytes) {
    SmallString<128> file(path);
    sys::path::append(file, name);
    std::error_code code;
    raw_fd_ostream os(file, code);
    if (code)
      return createStringError("cannot open " + file + ": " + code.message());
    os << bytes;
    os.close();
    if (os.has_error()) {
      code = os.error();
      os.clear_error();
      return createStringError("cannot write " + file + ": " + code.message());
    }
    return std::string(file);
  }

  SmallString<128> path;

private:
  Error failure = Error::success();
};

/// A native file's bytes, with each definition that lost against another
/// file's made weak: --allow-multiple-definition prefers the first on the
/// command line, where natives and bitcode are mixed.
std::string withoutLosers(const InputFile &file) {
  std::string bytes = file.buffer.getBuffer().str();
  unsigned index = 0; // without ELF's null entry
  for (const object::ELFSymbolRef &symbol : file.native->symbols()) {
    const Symbol *resolved = file.symbols[++index];
    if (!resolved || !resolved->isDefined() || resolved->file == &file)
      continue;
    auto *entry = reinterpret_cast<object::ELF64LE::Sym *>(
        bytes.data() +
        (reinterpret_cast<const char *>(
             cantFail(file.native->getSymbol(symbol.getRawDataRefImpl()))) -
         file.buffer.getBufferStart()));
    if (entry->isDefined())
      entry->setBinding(ELF::STB_WEAK);
  }
  return bytes;
}

/// lld's text, a diagnostic a piece, in our form.
void reportLld(StringRef text, const Program &program, Diag &diag) {
  constexpr StringLiteral kError = "error: ", kWarning = "warning: ";
  SmallVector<StringRef> lines;
  text.split(lines, '\n', -1, /*KeepEmpty=*/false);
  std::string pending;
  bool isError = true;
  auto flush = [&] {
    if (program.reported.contains(StringRef(pending).split('\n').first))
      pending.clear();
    if (pending.empty())
      return;
    if (isError)
      diag.error(pending);
    else
      diag.warning(pending);
    pending.clear();
  };
  for (StringRef line : lines) {
    line.consume_front("ld.lld: ");
    if (line.consume_front(kError)) {
      flush();
      isError = true;
      pending = line.str();
      // Hidden is our doing, not the user's.
      if (line.consume_front("undefined hidden symbol: "))
        pending = "undefined symbol: " + line.str();
    } else if (line.consume_front(kWarning)) {
      flush();
      isError = false;
      pending = line.str();
    } else {
      pending += ("\n" + line).str();
    }
  }
  flush();
}

} // namespace

Expected<LldOutput> runLld(ArrayRef<SmallString<0>> objects,
                           const Program &program, const Layout &layout,
                           const Config &config, Diag &diag) {
  ScratchDirectory scratch;
  if (Error error = scratch.takeFailure())
    return error;
  std::vector<std::string> args = {
      "ld.lld",
      "-static",
      config.prune == Prune::None ? "--no-gc-sections" : "--gc-sections",
      "-z",
      "nostart-stop-gc",
      "--icf=safe",
      config.optLevel == 0 ? "-O1" : "-O2", // ends of strings are shared
      "-z",
      "norelro",
      "-z",
      "nognustack",
      "-z",
      "max-page-size=4096",
      "--build-id=0x0000000000000000000000000000000000000000",
      "-e",
      layout.entry,
      "--error-limit=0",
      "--no-fatal-warnings",
      "--threads=2"};
  if (!program.hasUnwindInfo)
    args.push_back("--eh-frame-hdr");
  if (!config.demangle)
    args.push_back("--no-demangle");
  if (config.warnUnresolved)
    args.push_back("--warn-unresolved-symbols");
  for (const std::string &name : config.undefined)
    args.push_back("--undefined=" + name);
  for (const std::string &name : program.stronglyUndefined)
    args.push_back("--undefined=" + name);
  for (const Defsym &defsym : config.defsym)
    args.push_back("--defsym=" + defsym.symbol + "=" + defsym.expression);
  for (const std::string &name : config.wrap)
    args.push_back("--wrap=" + name);

  auto addFile = [&](const Twine &name, StringRef bytes) -> Error {
    Expected<std::string> file = scratch.write(name, bytes);
    if (!file)
      return file.takeError();
    args.push_back(*file);
    return Error::success();
  };
  Expected<std::string> script = scratch.write("image.ld", layout.script);
  if (!script)
    return script.takeError();
  args.insert(args.end(), {"-T", *script});

  if (!layout.functions.empty()) {
    Expected<std::string> order =
        scratch.write("order", join(layout.functions, "\n"));
    if (!order)
      return order.takeError();
    args.insert(args.end(), {"--symbol-ordering-file=" + *order,
                             "--no-warn-symbol-ordering"});
  }
  if (config.seed) {
    // To lld 0 means a random one, and -1 the reverse order.
    std::string seed = utostr(*config.seed % 0x7fffffff + 1);
    for (StringRef sections : {".text.*", ".rodata.*", ".data.*", ".bss.*"})
      args.push_back(("--shuffle-sections=" + sections + "=" + seed).str());
  }
  // Native files first: lld, too, appends what it generated from bitcode.
  unsigned index = 0;
  for (const InputFile *file : program.natives)
    if (Error error =
            addFile(Twine(index++) + "-" + sys::path::filename(file->name),
                    withoutLosers(*file)))
      return error;
  for (const SmallString<0> &object : objects)
    if (Error error = addFile("program" + Twine(index++) + ".o", object))
      return error;
  for (StringRef library : {"libcalls.a", "libclang_rt.builtins.a"})
    args.push_back(config.prefix + "/sysroot/usr/lib/" + library.str());

  SmallString<128> output(scratch.path), map(scratch.path);
  sys::path::append(output, "image.elf");
  sys::path::append(map, "map");
  args.insert(args.end(),
              {"-Map=" + std::string(map), "-o", std::string(output)});
  std::vector<const char *> argv;
  for (const std::string &arg : args)
    argv.push_back(arg.c_str());

  std::string said;
  raw_string_ostream messages(said);
  lld::Result result =
      lld::lldMain(argv, messages, messages, {{lld::Gnu, &lld::elf::link}});
  // Names in the scratch directory mean nothing to the user.
  std::string prefix = (scratch.path + "/").str();
  for (std::size_t at; (at = said.find(prefix)) != std::string::npos;)
    said.erase(at, prefix.size());
  reportLld(said, program, diag);
  if (result.retCode != 0) {
    if (!diag.failed())
      diag.error("the final link failed");
    return createStringError("");
  }
  auto read = [](StringRef path) {
    return MemoryBuffer::getFile(path, /*IsText=*/false,
                                 /*RequiresNullTerminator=*/false,
                                 /*IsVolatile=*/true);
  };
  ErrorOr<std::unique_ptr<MemoryBuffer>> elf = read(output), text = read(map);
  for (std::error_code code : {elf.getError(), text.getError()})
    if (code)
      return createStringError("cannot read the linked file: " +
                               code.message());
  return LldOutput{
      MemoryBuffer::getMemBufferCopy((*elf)->getBuffer(), "image.elf"),
      (*text)->getBuffer().str()};
}

} // namespace ampoule::linker
