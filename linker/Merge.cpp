// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Merges bitcode as LLVM's own full LTO does (lib/LTO/LTO.cpp, addRegularLTO):
// from each file only the definitions that symbol resolution chose are moved;
// other copies become declarations. What this file adds to that: the origin of
// every definition, no red zone, closed-world linkage, and bodies for system
// calls that the library OS does not implement.
#include "linker/Merge.h"
#include "linker/Diag.h"
#include "linker/DynamicTypes.h"
#include "linker/NativeChecks.h"
#include "linker/Records.h"

#include "llvm/Bitcode/BitcodeReader.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/DiagnosticInfo.h"
#include "llvm/IR/DiagnosticPrinter.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InlineAsm.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/Instructions.h"
#include "llvm/Linker/IRMover.h"
#include "llvm/Object/ModuleSymbolTable.h"

using namespace llvm;

namespace ampoule::linker {

StringRef originOf(const GlobalValue &value) {
  const GlobalObject *object = value.getAliaseeObject();
  if (const auto *function = dyn_cast_or_null<Function>(object))
    return function->getFnAttribute(kOriginAttribute).getValueAsString();
  if (const auto *variable = dyn_cast_or_null<GlobalVariable>(object))
    return variable->getAttribute(kOriginAttribute).getValueAsString();
  return "";
}

static void setAttribute(GlobalValue &value, StringRef name, StringRef text) {
  if (auto *function = dyn_cast<Function>(&value))
    function->addFnAttr(name, text);
  else if (auto *variable = dyn_cast<GlobalVariable>(&value))
    variable->addAttribute(name, text);
}

void setOrigin(GlobalValue &value, StringRef origin) {
  setAttribute(value, kOriginAttribute, origin);
}

bool isInlineDefinition(const GlobalObject &object) {
  if (const auto *function = dyn_cast<Function>(&object))
    return function->hasFnAttribute(kInlineAttribute);
  return cast<GlobalVariable>(object).hasAttribute(kInlineAttribute);
}

namespace {

class Merger {
public:
  Merger(SymbolTable &symbols, const Config &config, Diag &diag,
         Program &program)
      : symbols(symbols), config(config), diag(diag), program(program),
        mover(*program.module) {}

  bool add(InputFile &file);
  void finish();

private:
  void renameWrapped(llvm::Module &module);
  std::vector<GlobalValue *> chooseDefinitions(InputFile &file,
                                               llvm::Module &module);
  void discardAssemblySymbols(llvm::Module &module,
                              ArrayRef<StringRef> discarded);
  void requireCallChecks(InputFile &file, llvm::Module &module);
  void noteVirtualTables(InputFile &file, llvm::Module &module);
  void settleCommons();
  void settleReferences();
  void strengthenAgainstNative();
  void closeWorld();
  void collectAssemblySymbols();
  void stubSystemCalls();

  SymbolTable &symbols;
  const Config &config;
  Diag &diag;
  Program &program;
  IRMover mover;
};

/// --wrap: the file's references change their name, its definitions do not.
void Merger::renameWrapped(llvm::Module &module) {
  for (const std::string &name : config.wrap) {
    auto redirect = [&](const Twine &from, const Twine &to) {
      GlobalValue *value = module.getNamedValue(from.str());
      if (!value || !value->isDeclaration())
        return;
      if (GlobalValue *existing = module.getNamedValue(to.str())) {
        value->replaceAllUsesWith(existing);
        value->eraseFromParent();
      } else {
        value->setName(to);
      }
    };
    // In this order: __real_X must not turn into __wrap_X by way of X.
    redirect(name, "__wrap_" + name);
    redirect("__real_" + name, name);
  }
}

std::vector<GlobalValue *> Merger::chooseDefinitions(InputFile &file,
                                                     llvm::Module &module) {
  std::vector<GlobalValue *> keep;
  std::vector<StringRef> discardedAssembly;
  SmallPtrSet<Comdat *, 8> discardedComdats;
  for (auto [entry, symbol] : zip(file.bitcode->symbols(), file.symbols)) {
    GlobalValue *value = entry.getIRName().empty()
                             ? nullptr
                             : module.getNamedValue(entry.getIRName());
    bool prevails = symbol && symbol->file == &file &&
                    (symbol->isDefined() || symbol->kind == Symbol::Common);
    if (!value) {
      if (!entry.isUndefined() && symbol) {
        if (prevails)
          program.definedByAssembly.insert(symbol->name);
        else
          discardedAssembly.push_back(symbol->name);
      }
      continue;
    }
    if (value->isDeclaration())
      continue;
    if (int index = entry.getComdatIndex();
        index != -1 && file.discardedComdats[index])
      prevails = false;
    if (prevails) {
      keep.push_back(value);
      if (value->hasLinkOnceLinkage())
        value->setLinkage(
            GlobalValue::getWeakLinkage(value->hasLinkOnceODRLinkage()));
      continue;
    }
    if (auto *object = dyn_cast<GlobalObject>(value);
        object && object->getComdat())
      discardedComdats.insert(object->getComdat());
  }
  for (GlobalVariable &variable : module.globals())
    if (variable.hasAppendingLinkage())
      keep.push_back(&variable);
  // What else lived in a discarded group is local to it now.
  for (GlobalObject &object : module.global_objects())
    if (object.getComdat() && discardedComdats.contains(object.getComdat()))
      object.setComdat(nullptr);
  discardAssemblySymbols(module, discardedAssembly);
  return keep;
}

void Merger::discardAssemblySymbols(llvm::Module &module,
                                    ArrayRef<StringRef> discarded) {
  if (discarded.empty() || module.getModuleInlineAsm().empty())
    return;
  std::string directive = ".lto_discard";
  for (StringRef name : discarded)
    directive += (Twine(&name == discarded.begin() ? " " : ", ") + name).str();
  module.setModuleInlineAsm(directive + "\n" + module.getModuleInlineAsm());
}

/// Code that was compiled without our flags may call a virtual function without
/// telling, so no virtual function may go while such code is linked.
void Merger::noteVirtualTables(InputFile &file, llvm::Module &module) {
  if (module.getModuleFlag("Virtual Function Elim"))
    return;
  program.virtualsKept.push_back(file.name +
                                 " was compiled without Ampoule's flags");
}

/// Other code would make calls that nobody checks, and have functions that no
/// checked call can call. (Libraries say their types in another way.)
void Merger::requireCallChecks(InputFile &file, llvm::Module &module) {
  if (config.hardened && !file.isRuntime &&
      !module.getModuleFlag("CFI Canonical Jump Tables"))
    diag.error(file.name + " was compiled without --ampoule-hardened");
}

bool Merger::add(InputFile &file) {
  Expected<std::unique_ptr<llvm::Module>> loaded =
      file.bitcode->getSingleBitcodeModule().getLazyModule(
          program.context, /*ShouldLazyLoadMetadata=*/true,
          /*IsImporting=*/false);
  if (!loaded) {
    diag.error(file.name + ": " + toString(loaded.takeError()));
    return false;
  }
  llvm::Module &module = **loaded;
  if (Error error = module.materializeMetadata()) {
    diag.error(file.name + ": " + toString(std::move(error)));
    return false;
  }
  module.setTargetTriple(program.module->getTargetTriple());
  for (const GlobalIFunc &ifunc : module.ifuncs())
    diag.error(describeIfunc(file.name, ifunc.getName()));
  if (!module.ifunc_empty())
    return false;
  requireCallChecks(file, module);
  noteVirtualTables(file, module);
  if (!file.isRuntime) {
    append_range(program.erasedUses, readErasedUses(module));
    program.readsDynamicTypes |= mayReadDynamicTypes(module);
  }
  renameWrapped(module);
  for (GlobalObject &object : module.global_objects())
    if (!object.isDeclaration()) {
      setOrigin(object, file.name);
      if (object.hasLinkOnceODRLinkage())
        setAttribute(object, kInlineAttribute, "");
    }
  program.moduleOfOrigin[file.name] = file.module;
  std::vector<GlobalValue *> keep = chooseDefinitions(file, module);
  if (Error error = mover.move(
          std::move(*loaded), keep, [](GlobalValue &, IRMover::ValueAdder) {},
          /*IsPerformingImport=*/false)) {
    diag.error(file.name + ": " + toString(std::move(error)));
    return false;
  }
  return true;
}

/// A common symbol has the size of its largest definition.
void Merger::settleCommons() {
  const DataLayout &layout = program.module->getDataLayout();
  for (auto &[name, symbol] : symbols.table) {
    if (symbol->kind != Symbol::Common)
      continue;
    GlobalVariable *old = program.module->getNamedGlobal(name);
    if (!old)
      continue;
    MaybeAlign align(symbol->commonAlign ? symbol->commonAlign : 1);
    if (layout.getTypeAllocSize(old->getValueType()) == symbol->commonSize) {
      old->setAlignment(align);
      continue;
    }
    auto *type =
        ArrayType::get(Type::getInt8Ty(program.context), symbol->commonSize);
    auto *fresh = new GlobalVariable(*program.module, type, old->isConstant(),
                                     GlobalValue::CommonLinkage,
                                     ConstantAggregateZero::get(type), "");
    fresh->setAlignment(align);
    setOrigin(*fresh, originOf(*old));
    old->replaceAllUsesWith(fresh);
    fresh->takeName(old);
    old->eraseFromParent();
  }
}

/// A symbol is weakly undefined only if no file refers strongly. (The IR linker
/// keeps the linkage of the declaration it saw first.)
void Merger::settleReferences() {
  for (GlobalValue &value : program.module->global_values()) {
    if (!value.hasExternalWeakLinkage())
      continue;
    const Symbol *symbol = symbols.find(value.getName());
    if (symbol && !symbol->weak)
      value.setLinkage(GlobalValue::ExternalLinkage);
  }
  for (auto &[name, symbol] : symbols.table)
    if (symbol->kind == Symbol::Undefined && !symbol->weak &&
        symbol->fromNative && symbol->fromBitcode)
      program.stronglyUndefined.push_back(name.str());
}

/// A definition that won here may have a weak twin in a native file, which the
/// final link would see first.
void Merger::strengthenAgainstNative() {
  for (auto &[name, symbol] : symbols.table) {
    if (!symbol->fromNative || !symbol->isDefined() || !symbol->file ||
        !symbol->file->bitcode)
      continue;
    if (GlobalValue *value = program.module->getNamedValue(name);
        value && value->hasWeakLinkage())
      value->setLinkage(GlobalValue::ExternalLinkage);
  }
}

void Merger::closeWorld() {
  for (GlobalValue &value : program.module->global_values()) {
    value.setDSOLocal(true);
    // One image is one linkage unit.
    if (!value.hasLocalLinkage()) {
      value.setVisibility(GlobalValue::HiddenVisibility);
      value.setDLLStorageClass(GlobalValue::DefaultStorageClass);
    }
    if (auto *object = dyn_cast<GlobalObject>(&value))
      object->setComdat(nullptr);
  }
  // Code runs in ring 0 (PVH) or takes upcalls on its own stack (PV): what lies
  // below the stack pointer is overwritten at any time.
  for (Function &function : *program.module)
    if (!function.isDeclaration())
      function.addFnAttr(Attribute::NoRedZone);
  if (!program.module->getModuleFlag("LTOPostLink"))
    program.module->addModuleFlag(llvm::Module::Error, "LTOPostLink", 1);
}

/// Identifiers in a piece of assembly; any of them may be a symbol.
void forEachIdentifier(StringRef text, function_ref<void(StringRef)> callback) {
  auto isPart = [](char c) {
    return isAlnum(c) || c == '_' || c == '.' || c == '$' || c == '@';
  };
  while (!text.empty()) {
    text = text.drop_until([&](char c) { return isPart(c) && !isDigit(c); });
    StringRef word = text.take_while(isPart);
    text = text.drop_front(word.size());
    if (!word.empty())
      callback(word.split('@').first);
  }
}

void Merger::collectAssemblySymbols() {
  auto collect = [&](StringRef text) {
    forEachIdentifier(text, [&](StringRef word) {
      if (program.module->getNamedValue(word))
        program.assemblySymbols.insert(word);
    });
  };
  collect(program.module->getModuleInlineAsm());
  for (Function &function : *program.module)
    for (Instruction &instruction : instructions(function))
      if (auto *call = dyn_cast<CallBase>(&instruction))
        if (auto *assembly = dyn_cast<InlineAsm>(call->getCalledOperand()))
          collect(assembly->getAsmString());
}

/// Linux returns -ENOSYS for a system call it does not have; so do we.
void Merger::stubSystemCalls() {
  constexpr int kNoSuchSystemCall = 38; // ENOSYS, musl bits/errno.h
  constexpr unsigned kArguments = 6;    // musl's own; a name alone says little
  for (Function &function : *program.module) {
    if (!function.isDeclaration() || !function.getName().starts_with("sys_") ||
        function.arg_size() != kArguments || function.use_empty())
      continue;
    const Symbol *symbol = symbols.find(function.getName());
    if (symbol && symbol->isDefined())
      continue;
    BasicBlock *block = BasicBlock::Create(program.context, "entry", &function);
    IRBuilder<> builder(block);
    if (Function *refused = program.module->getFunction(kRefused)) {
      auto *said =
          new GlobalVariable(*program.module, builder.getInt8Ty(),
                             /*isConstant=*/false, GlobalValue::InternalLinkage,
                             builder.getInt8(0), function.getName() + ".said");
      setOrigin(*said, kUnimplementedOrigin);
      builder.CreateCall(
          refused, {builder.CreateGlobalString(function.getName().drop_front(
                        StringRef("sys_").size())),
                    function.getArg(0), said});
    }
    builder.CreateRet(
        ConstantInt::getSigned(function.getReturnType(), -kNoSuchSystemCall));
    function.setLinkage(GlobalValue::InternalLinkage);
    function.setVisibility(GlobalValue::DefaultVisibility);
    setOrigin(function, kUnimplementedOrigin);
  }
  program.moduleOfOrigin[kUnimplementedOrigin] = kUnimplementedOrigin;
}

void Merger::finish() {
  eraseRecords(program, recordsIn(program, kUsesSection));
  settleCommons();
  settleReferences();
  strengthenAgainstNative();
  stubSystemCalls();
  closeWorld();
  collectAssemblySymbols();
}

/// Whether a native file can call virtual functions or derive classes: compiled
/// code can, even under names of C. Assembly names no source file.
bool mayHoldCxx(const InputFile &file) {
  for (object::ELFSymbolRef symbol : file.native->symbols()) {
    Expected<StringRef> name = symbol.getName();
    if (!name) {
      consumeError(name.takeError());
      continue;
    }
    bool isAssembly = name->ends_with(".s") || name->ends_with(".S");
    if (symbol.getELFType() == ELF::STT_FILE ? !isAssembly
                                             : name->starts_with("_Z"))
      return true;
  }
  return false;
}

/// Forwards the IR linker's own diagnostics (type or flag mismatches).
struct MergeDiagnostics : DiagnosticHandler {
  explicit MergeDiagnostics(Diag &diag) : diag(diag) {}
  bool handleDiagnostics(const DiagnosticInfo &info) override {
    std::string text;
    raw_string_ostream os(text);
    DiagnosticPrinterRawOStream printer(os);
    info.print(printer);
    if (info.getSeverity() == DS_Error)
      diag.error(text);
    else if (info.getSeverity() == DS_Warning)
      diag.warning(text);
    return true;
  }
  Diag &diag;
};

} // namespace

std::unique_ptr<Program> mergeProgram(SymbolTable &symbols,
                                      const Config &config, Diag &diag) {
  auto program = std::make_unique<Program>();
  program->context.setDiagnosticHandler(
      std::make_unique<MergeDiagnostics>(diag));
  program->context.enableDebugTypeODRUniquing();
  program->module = std::make_unique<llvm::Module>("ampoule", program->context);
  program->module->setTargetTriple(Triple("x86_64-unknown-linux-musl"));
  bool first = true;
  Merger merger(symbols, config, diag, *program);
  for (InputFile *file : symbols.loaded) {
    if (!file->isRuntime)
      program->userModules.insert(file->module);
    if (file->native) {
      program->natives.push_back(file);
      program->moduleOfOrigin[file->name] = file->module;
      if (!file->isRuntime && mayHoldCxx(*file)) {
        program->virtualsKept.push_back(file->name + " is native code");
        if (config.hardened)
          diag.error(file->name + " is native code, and --ampoule-hardened "
                                  "cannot check its calls");
      }
      continue;
    }
    if (!file->bitcode)
      continue;
    if (std::exchange(first, false))
      program->module->setDataLayout(
          cantFail(file->bitcode->getSingleBitcodeModule().getLazyModule(
                       program->context, true, false))
              ->getDataLayout());
    if (!merger.add(*file))
      return nullptr;
  }
  merger.finish();
  return diag.failed() ? nullptr : std::move(program);
}

} // namespace ampoule::linker
