// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Internalisation and deletion of the dead. What is decided here is only
// linkage and reachability; folding is Optimise's.
#include "linker/Prune.h"

#include "llvm/Analysis/TargetLibraryInfo.h"
#include "llvm/CodeGen/StackProtector.h"
#include "llvm/IR/AttributeMask.h"
#include "llvm/LTO/LTO.h"
#include "llvm/Transforms/Utils/ModuleUtils.h"

using namespace llvm;

namespace ampoule::linker {

bool isLibraryCall(StringRef name) {
  static const StringSet<> names = [] {
    Triple triple("x86_64-unknown-linux-musl");
    StringSet<> set;
    for (const char *call : lto::LTO::getRuntimeLibcallSymbols(triple))
      set.insert(call);
    TargetLibraryInfoImpl library(triple);
    TargetLibraryInfo info(library);
    for (unsigned i = 0; i != NumLibFuncs; ++i)
      if (info.has(static_cast<LibFunc>(i)))
        set.insert(info.getName(static_cast<LibFunc>(i)));
    // LLVM knows these to tell what a call of them does, and never makes one
    // (Utils/BuildLibCalls.cpp).
    for (StringRef known :
         {"access",   "chmod",    "chown",    "closedir",     "fdopen",
          "fopen",    "fread",    "fstat",    "fstatvfs",     "ftell",
          "fseek",    "getenv",   "getpwnam", "gettimeofday", "lchown",
          "lstat",    "mkdir",    "mktime",   "open",         "opendir",
          "pclose",   "popen",    "pread",    "pwrite",       "read",
          "readlink", "realpath", "remove",   "rename",       "rmdir",
          "setvbuf",  "stat",     "statvfs",  "system",       "tmpfile",
          "times",    "uname",    "unlink",   "unsetenv",     "utime",
          "utimes",   "write"})
      set.erase(known);
    // What LLVM names beside those lists.
    for (StringRef extra : {StringRef("bcmp"), StringRef("_Unwind_Resume"),
                            StringRef(kStackCheckFailed),
                            StringRef(kStackCheckGuard)})
      set.insert(extra);
    return set;
  }();
  return names.contains(name);
}

StringSet<> visibleNames(const Program &program, const SymbolTable &symbols,
                         const Config &config, ArrayRef<std::string> entries,
                         const ModuleSet &modules) {
  StringSet<> visible;
  for (const std::string &entry : entries)
    visible.insert(entry);
  for (const std::string &name : config.undefined)
    visible.insert(name);
  for (const Defsym &defsym : config.defsym)
    for (const std::string &name : defsym.names)
      visible.insert(name);
  for (auto &[name, symbol] : symbols.table)
    if (symbol->fromNative || symbol->wrapped)
      visible.insert(name);
  for (const auto &name : program.assemblySymbols)
    visible.insert(name.getKey());
  for (const LibosModule &module : modules.ordered)
    if (module.init)
      visible.insert(module.init->getName());
  for (const GlobalValue &value : program.module->global_values())
    if (!value.isDeclaration() && isLibraryCall(value.getName()))
      visible.insert(value.getName());
  return visible;
}

void internalise(Program &program, const StringSet<> &visible) {
  for (GlobalValue &value : program.module->global_values()) {
    if (value.isDeclaration() || value.hasLocalLinkage() ||
        value.hasAppendingLinkage() || isIntrinsicVariable(value) ||
        visible.contains(value.getName()))
      continue;
    // A common symbol becomes an ordinary zero-initialised one.
    value.setLinkage(GlobalValue::InternalLinkage);
    value.setVisibility(GlobalValue::DefaultVisibility);
  }
}

void keepAll(Program &program) {
  for (GlobalValue &value : program.module->global_values())
    if (value.hasLinkOnceLinkage())
      value.setLinkage(GlobalValue::WeakODRLinkage);
}

void keepVirtuals(Program &program) {
  // Without this metadata nothing may assume that it sees every call.
  for (GlobalVariable &variable : program.module->globals())
    variable.eraseMetadata(LLVMContext::MD_vcall_visibility);
}

void dropModules(ModuleSet &modules, const Graph &graph, const LiveSet &live) {
  StringSet<> names;
  for (auto [id, node] : enumerate(graph.nodes))
    if (node.kind == Node::Module && live.isLive(id))
      names.insert(node.module);
  erase_if(modules.ordered, [&](const LibosModule &module) {
    return !names.contains(module.name);
  });
}

void settleCanaries(Program &program) {
  if (any_of(*program.module, [](Function &function) {
        return StackProtector::requiresStackProtector(&function);
      }))
    return;
  AttributeMask protectors;
  for (Attribute::AttrKind kind :
       {Attribute::StackProtect, Attribute::StackProtectStrong,
        Attribute::StackProtectReq})
    protectors.addAttribute(kind);
  for (Function &function : *program.module)
    function.removeFnAttrs(protectors);
}

bool prune(Program &program, const ProgramGraph &graph, const LiveSet &live) {
  DenseSet<unsigned> inSlots;
  for (const Node &node : graph.nodes)
    for (const Slot &slot : node.slots)
      inSlots.insert(slot.function);
  std::vector<GlobalValue *> dead;
  bool fell = false;
  for (auto &[value, node] : graph.ofValue)
    if (!live.isLive(node)) {
      dead.push_back(const_cast<GlobalValue *>(value));
      fell |= !value->isDeclaration();
    }
  removeFromUsedLists(*program.module, [&](Constant *constant) {
    auto *value = dyn_cast<GlobalValue>(constant->stripPointerCasts());
    auto it = graph.ofValue.find(value);
    return it != graph.ofValue.end() && !live.isLive(it->second);
  });
  // The dead refer to each other: let go of all bodies before deleting any.
  for (GlobalValue *value : dead) {
    if (value->isDeclaration()) // one that native code defines, with its type
      continue;
    if (auto *function = dyn_cast<Function>(value))
      function->deleteBody();
    else if (auto *variable = dyn_cast<GlobalVariable>(value))
      variable->setInitializer(nullptr);
  }
  for (GlobalValue *value : dead) {
    value->removeDeadConstantUsers();
    // Slots of live vtables through which nobody calls.
    if (!value->use_empty() && inSlots.contains(graph.ofValue.lookup(value)))
      value->replaceNonMetadataUsesWith(
          ConstantPointerNull::get(value->getType()));
  }
  // Aliases first: they use what they stand for.
  std::stable_partition(dead.begin(), dead.end(), [](const GlobalValue *value) {
    return isa<GlobalAlias, GlobalIFunc>(value);
  });
  for (GlobalValue *value : dead)
    if (value->use_empty())
      value->eraseFromParent();
  return fell;
}

} // namespace ampoule::linker
