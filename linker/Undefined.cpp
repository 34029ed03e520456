// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The output:
//
//   error: undefined symbol: f(int)
//   >>> referenced by a.cpp:12
//   >>>               a.o:(main)
//
// References that the optimiser removed are not errors, as in lld.
#include "linker/Undefined.h"
#include "linker/Diag.h"
#include "linker/Inputs.h"

#include "llvm/Demangle/Demangle.h"
#include "llvm/IR/DebugInfoMetadata.h"
#include "llvm/IR/Instructions.h"
#include "llvm/Object/Archive.h"

using namespace llvm;

namespace ampoule::linker {

static constexpr StringLiteral kMain = "main";

/// What stands behind dlopen in musl, and always fails.
static constexpr StringLiteral kNoLoader = "stub_dlopen";

AvailableCalls::AvailableCalls(const Program &program,
                               const SymbolTable &symbols,
                               const Config &config) {
  for (const GlobalValue &value : program.module->global_values())
    if (!value.isDeclaration() && !value.hasLocalLinkage())
      names.insert(value.getName());
  for (const auto &name : program.definedByAssembly)
    names.insert(name.getKey());
  for (auto &[name, symbol] : symbols.table)
    if ((symbol->isDefined() || symbol->kind == Symbol::Common) &&
        (!symbol->file || symbol->file->native))
      names.insert(name);
  // Native archives that the final link searches.
  for (StringRef library : {"libcalls.a", "libclang_rt.builtins.a"}) {
    Expected<std::unique_ptr<MemoryBuffer>> buffer =
        readFile((config.prefix + "/sysroot/usr/lib/" + library).str());
    if (!buffer) {
      consumeError(buffer.takeError());
      continue;
    }
    Expected<std::unique_ptr<object::Archive>> archive =
        object::Archive::create(**buffer);
    if (!archive) {
      consumeError(archive.takeError());
      continue;
    }
    for (const object::Archive::Symbol &symbol : (*archive)->symbols())
      names.insert(symbol.getName());
  }
}

namespace {

/// A line for the place that uses `value`: the instruction's, if it has one.
void describeUse(const User &user, std::string &text) {
  raw_string_ostream os(text);
  if (const auto *instruction = dyn_cast<Instruction>(&user)) {
    const Function &function = *instruction->getFunction();
    os << "\n>>> referenced by ";
    if (const DILocation *location = instruction->getDebugLoc())
      os << location->getFilename() << ':' << location->getLine()
         << "\n>>>               ";
    os << originOf(function) << ":(" << demangle(function.getName().str())
       << ')';
    return;
  }
  if (const auto *variable = dyn_cast<GlobalVariable>(&user)) {
    if (!isIntrinsicVariable(*variable))
      os << "\n>>> referenced by " << originOf(*variable) << ":("
         << demangle(variable->getName().str()) << ')';
    return;
  }
  for (const User *outer : user.users()) {
    std::size_t before = text.size();
    describeUse(*outer, text);
    if (text.size() != before)
      return;
  }
}

/// Whether `module` or a native input has a section of that name.
bool hasSection(const Program &program, StringRef name) {
  if (any_of(program.module->global_objects(), [&](const GlobalObject &object) {
        return object.getSection() == name;
      }))
    return true;
  return any_of(program.natives, [&](const InputFile *file) {
    return any_of(file->native->sections(),
                  [&](const object::SectionRef &section) {
                    Expected<StringRef> its = section.getName();
                    if (its)
                      return *its == name;
                    consumeError(its.takeError());
                    return false;
                  });
  });
}

/// Symbols of the link script, and those that frame a section whose name is an
/// identifier (gABI extension of GNU ld: __start_NAME and __stop_NAME).
bool isDefinedByLayout(StringRef name, const Program &program) {
  if (name.ends_with("_array_start") || name.ends_with("_array_end") ||
      name.starts_with("__eh_frame_"))
    return true;
  return (name.consume_front("__start_") || name.consume_front("__stop_")) &&
         hasSection(program, name);
}

} // namespace

References findReferences(const Program &program,
                          const AvailableCalls &available) {
  constexpr unsigned kPlaces = 3;
  References references;
  for (const GlobalValue &value : program.module->global_values()) {
    if (!value.isDeclaration() || value.use_empty() ||
        value.getName().starts_with("llvm.") ||
        available.contains(value.getName()))
      continue;
    std::string &text = references[value.getName()];
    unsigned places = 0;
    for (const User *user : value.users()) {
      std::size_t before = text.size();
      if (places < kPlaces)
        describeUse(*user, text);
      places += text.size() != before;
    }
  }
  return references;
}

void tellUnsupported(const Closure &closure, unsigned node, std::string text,
                     const Config &config, Diag &diag) {
  if (config.unsupported == Unsupported::Stub)
    return;
  raw_string_ostream os(text);
  if (closure.graph[node].name != kMain)
    printChain(
        closure.graph, closure.live, node,
        [](const Node &step) { return demangle(step.name); }, os, kMain);
  text.pop_back();
  if (config.unsupported == Unsupported::Error)
    diag.error(text);
  else
    diag.warning(text);
}

std::vector<std::string> reportUnsupported(const Closure &closure,
                                           const Config &config, Diag &diag) {
  std::vector<std::string> calls;
  for (auto [id, node] : enumerate(closure.graph.nodes)) {
    if (node.kind != Node::Function || !closure.live.isLive(id))
      continue;
    if (node.name == kNoLoader && node.module == "libc")
      tellUnsupported(closure, id,
                      "an image loads no library; 'dlopen' will fail\n",
                      config, diag);
    if (node.module != kUnimplementedOrigin)
      continue;
    calls.push_back(node.name.substr(StringRef("sys_").size()));
    tellUnsupported(closure, id,
                    "the library OS has no system call '" + calls.back() +
                        "'; it will fail with ENOSYS\n",
                    config, diag);
  }
  sort(calls);
  return calls;
}

void reportUndefined(Program &program, const References &references,
                     const AvailableCalls &available, const Config &config,
                     Diag &diag) {
  for (const GlobalValue &value : program.module->global_values()) {
    StringRef name = value.getName();
    if (!value.isDeclaration() || value.use_empty() ||
        value.hasExternalWeakLinkage() || name.starts_with("llvm.") ||
        name.starts_with("__ampoule_") || available.contains(name) ||
        isDefinedByLayout(name, program))
      continue;
    std::string text = "undefined symbol: " +
                       (config.demangle ? demangle(name.str()) : name.str());
    program.reported.insert(text);
    text += references.lookup(name);
    if (config.warnUnresolved)
      diag.warning(text);
    else
      diag.error(text);
  }
}

} // namespace ampoule::linker
