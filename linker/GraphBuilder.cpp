// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Builds the reference graph. Bitcode gives an edge per operand, with the
// reason that the instruction or initialiser tells; native files give an edge
// per relocation, at the grain at which the final link keeps or drops them.
#include "linker/GraphBuilder.h"
#include "linker/Diag.h"
#include "linker/Places.h"

#include "llvm/CodeGen/StackProtector.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/InlineAsm.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/IntrinsicInst.h"

using namespace llvm;
using namespace llvm::object;

namespace ampoule::linker {

namespace {

/// "printf.o" of "lib/libc.a(printf.o)".
StringRef memberOf(StringRef origin) {
  return origin.consume_back(")") ? origin.substr(origin.rfind('(') + 1) : "";
}

constexpr StringLiteral kDynamicCast = "__dynamic_cast";

class Builder {
public:
  Builder(Program &program, const SymbolTable &symbols,
          const ModuleSet &modules, const Config &config, Diag &diag)
      : program(program), symbols(symbols), modules(modules), config(config),
        diag(diag) {}

  ProgramGraph build(ArrayRef<std::string> entries);

private:
  unsigned nodeOf(GlobalValue &value);
  /// The node that a reference to `value` means: its definition may be native.
  unsigned targetOf(GlobalValue &value) {
    auto it = nativeDefinition.find(value.getName());
    return value.isDeclaration() && it != nativeDefinition.end()
               ? it->second
               : nodeOf(value);
  }
  std::string moduleOf(StringRef origin) const {
    auto it = program.moduleOfOrigin.find(origin);
    return it == program.moduleOfOrigin.end() ? origin.str() : it->second;
  }
  void addEdge(unsigned from, GlobalValue *to, Reason reason,
               unsigned place = 0) {
    if (auto *function = dyn_cast<Function>(to);
        function && function->isIntrinsic())
      return;
    unsigned node = targetOf(*to); // may move graph.nodes
    graph.nodes[from].edges.push_back({node, reason, place});
  }
  void addConstant(unsigned from, const Constant &constant, Reason reason,
                   SmallPtrSetImpl<const Constant *> &seen, unsigned place = 0);
  void collectKeys();
  unsigned keyOf(const Metadata *type, std::uint64_t offset);
  unsigned keyOf(const CallBase &checkedLoad);
  unsigned keyOfCast(const CallBase &dynamicCast);
  void addSlots(unsigned from, const GlobalVariable &vtable,
                const Constant &constant, std::uint64_t offset,
                ArrayRef<MDNode *> types,
                SmallPtrSetImpl<const Constant *> &seen);
  void addModules();
  /// The node that defines a symbol, bitcode or native.
  std::optional<unsigned> definitionOf(StringRef name);
  void addFunction(unsigned from, Function &function);
  void addValues();
  void addSections(InputFile &file);
  void addNative(InputFile &file);
  void addRelocations(InputFile &file, const ELFSectionRef &section,
                      unsigned from);
  bool addTarget(InputFile &file, unsigned from, const ELFSymbolRef &symbol);
  void addRoots(ArrayRef<std::string> entries);
  void addRoot(StringRef name, Reason reason);
  bool isNativeRoot(const ELFSectionRef &section, StringRef name) const;

  Program &program;
  const SymbolTable &symbols;
  const ModuleSet &modules;
  const Config &config;
  Diag &diag;
  ProgramGraph graph;
  Places places{graph};
  /// What virtual calls go through: a type and an offset, or kAnySlot. What
  /// dynamic_cast reads: the vtables of a type, or of none in particular.
  static constexpr std::uint64_t kAnySlot = ~0ull, kTypeinfo = ~1ull;
  DenseMap<std::pair<const Metadata *, std::uint64_t>, unsigned> keys;
  DenseSet<const Metadata *> namedTypes; ///< of vtables
  DenseMap<std::pair<const InputFile *, unsigned>, unsigned> ofSection;
  StringMap<unsigned> nativeDefinition; ///< the section's node by symbol
  StringMap<std::vector<unsigned>> byIdentifier; ///< for __start_X, __stop_X
};

unsigned Builder::nodeOf(GlobalValue &value) {
  auto [it, isNew] = graph.ofValue.insert({&value, graph.nodes.size()});
  if (isNew) {
    Node &node = graph.nodes.emplace_back();
    node.name = value.getName().str();
    node.module = moduleOf(originOf(value));
    node.object = memberOf(originOf(value)).str();
    node.isDefinition = !value.isDeclaration();
    if (const auto *object = dyn_cast<GlobalObject>(&value))
      node.isInline = isInlineDefinition(*object);
    if (const auto *function = dyn_cast<Function>(&value)) {
      node.kind = Node::Function;
      node.place = places.of(function->getSubprogram());
    } else if (!isa<GlobalVariable>(value)) {
      node.kind = Node::Alias;
    }
  }
  return it->second;
}

std::optional<unsigned> Builder::definitionOf(StringRef name) {
  if (GlobalValue *value = program.module->getNamedValue(name);
      value && !value->isDeclaration())
    return nodeOf(*value);
  if (auto it = nativeDefinition.find(name); it != nativeDefinition.end())
    return it->second;
  return std::nullopt;
}

void Builder::addConstant(unsigned from, const Constant &constant,
                          Reason reason,
                          SmallPtrSetImpl<const Constant *> &seen,
                          unsigned place) {
  if (auto *value = dyn_cast<GlobalValue>(&constant)) {
    addEdge(from, const_cast<GlobalValue *>(value), reason, place);
    return;
  }
  if (isa<ConstantData>(constant) || !seen.insert(&constant).second)
    return;
  for (const Use &operand : constant.operands())
    if (auto *inner = dyn_cast<Constant>(operand))
      addConstant(from, *inner, reason, seen, place);
}

unsigned Builder::keyOf(const CallBase &checkedLoad) {
  const Metadata *type =
      cast<MetadataAsValue>(checkedLoad.getArgOperand(2))->getMetadata();
  auto *offset = dyn_cast<ConstantInt>(checkedLoad.getArgOperand(1));
  return keyOf(type, offset ? offset->getZExtValue() : kAnySlot);
}

/// The second argument is the type of the operand (Itanium C++ ABI, section 2.9.7).
unsigned Builder::keyOfCast(const CallBase &dynamicCast) {
  StringRef name = dynamicCast.getArgOperand(1)->getName();
  name.consume_front("_ZTI");
  const Metadata *type = MDString::get(program.context, ("_ZTS" + name).str());
  // Types of one file have no names.
  return keyOf(namedTypes.contains(type) ? type : nullptr, kTypeinfo);
}

unsigned Builder::keyOf(const Metadata *type, std::uint64_t at) {
  auto [it, isNew] = keys.try_emplace({type, at}, graph.keys.size());
  if (isNew) {
    std::string name = type ? "(internal type)" : "";
    if (auto *string = dyn_cast_or_null<MDString>(type)) {
      StringRef text = string->getString();
      text.consume_front("_ZTS");
      name = text.str();
    }
    graph.keys.push_back(name + "+" +
                         (at == kAnySlot    ? "*"
                          : at == kTypeinfo ? "typeinfo"
                                            : utostr(at)));
  }
  return it->second;
}

/// Every virtual call of the program, before slots ask which of them there are.
void Builder::collectKeys() {
  for (Intrinsic::ID id :
       {Intrinsic::type_checked_load, Intrinsic::type_checked_load_relative})
    if (Function *load =
            Intrinsic::getDeclarationIfExists(program.module.get(), id))
      for (const User *user : load->users())
        keyOf(*cast<CallBase>(user));
  for (const GlobalVariable &variable : program.module->globals()) {
    SmallVector<MDNode *, 4> types;
    variable.getMetadata(LLVMContext::MD_type, types);
    for (const MDNode *type : types)
      namedTypes.insert(type->getOperand(1));
  }
  if (const Function *cast = program.module->getFunction(kDynamicCast)) {
    if (cast->hasAddressTaken())
      keyOf(nullptr, kTypeinfo);
    for (const Use &use : cast->uses())
      if (const auto *call = dyn_cast<CallBase>(use.getUser());
          call && call->isCallee(&use))
        keyOfCast(*call);
  }
}

/// The functions of a vtable if all calls of them are known (-fvisibility=hidden,
/// -fvirtual-function-elimination), and its type if all who read that are; what else
/// it holds are ordinary references.
void Builder::addSlots(unsigned from, const GlobalVariable &vtable,
                       const Constant &constant, std::uint64_t offset,
                       ArrayRef<MDNode *> types,
                       SmallPtrSetImpl<const Constant *> &seen) {
  const DataLayout &layout = program.module->getDataLayout();
  if (isa<ConstantStruct, ConstantArray>(constant)) {
    auto *type = dyn_cast<StructType>(constant.getType());
    for (unsigned i = 0; i != constant.getNumOperands(); ++i) {
      const auto &element = *cast<Constant>(constant.getOperand(i));
      std::uint64_t at =
          type ? layout.getStructLayout(type)
                     ->getElementOffset(i)
                     .getFixedValue()
               : i * layout.getTypeAllocSize(element.getType()).getFixedValue();
      addSlots(from, vtable, element, offset + at, types, seen);
    }
    return;
  }
  auto *value = const_cast<GlobalValue *>(
      dyn_cast<GlobalValue>(constant.stripPointerCasts()));
  bool isType = value && value->getName().starts_with("_ZTI") &&
                program.virtualsKept.empty() && !program.readsDynamicTypes;
  bool isFunction =
      value && isa_and_nonnull<Function>(value->getAliaseeObject()) &&
      vtable.getVCallVisibility() != GlobalObject::VCallVisibilityPublic;
  if (!isType && !isFunction) {
    addConstant(from, constant, Reason::VtableSlot, seen);
    return;
  }
  Slot slot{targetOf(*value), {}};
  auto addKey = [&](const Metadata *type, std::uint64_t at) {
    if (auto it = keys.find({type, at}); it != keys.end())
      slot.keys.push_back(it->second);
  };
  for (const MDNode *type : types) {
    std::uint64_t point =
        mdconst::extract<ConstantInt>(type->getOperand(0))->getZExtValue();
    const Metadata *id = type->getOperand(1);
    if (isType)
      addKey(id, kTypeinfo);
    else
      for (std::uint64_t at : {offset - point, kAnySlot})
        addKey(id, at);
  }
  if (isType)
    addKey(nullptr, kTypeinfo);
  graph.nodes[from].slots.push_back(std::move(slot));
}

void Builder::addFunction(unsigned from, Function &function) {
  if (function.getName() == kDynamicCast && function.hasAddressTaken())
    graph.nodes[from].calls.push_back({keyOf(nullptr, kTypeinfo), 0});
  SmallPtrSet<const Constant *, 16> seen;
  SmallPtrSet<const Value *, 16> called;
  for (Instruction &instruction : instructions(function)) {
    const Value *callee = nullptr;
    auto place = [&] { return places.of(instruction.getDebugLoc().get()); };
    // Code generation makes a call of it.
    if (isa<ResumeInst>(instruction))
      if (std::optional<unsigned> target = definitionOf("_Unwind_Resume"))
        graph.nodes[from].edges.push_back({*target, Reason::Call, place()});
    if (auto *call = dyn_cast<CallBase>(&instruction)) {
      callee = call->getCalledOperand();
      if (Intrinsic::ID id = call->getIntrinsicID();
          id == Intrinsic::type_checked_load ||
          id == Intrinsic::type_checked_load_relative)
        graph.nodes[from].calls.push_back({keyOf(*call), place()});
      if (callee->getName() == kDynamicCast)
        graph.nodes[from].calls.push_back({keyOfCast(*call), place()});
      if (auto *target = dyn_cast<GlobalValue>(callee->stripPointerCasts()))
        if (called.insert(target).second)
          addEdge(from, const_cast<GlobalValue *>(target), Reason::Call,
                  place());
      if (auto *assembly = dyn_cast<InlineAsm>(callee))
        for (const auto &name : program.assemblySymbols)
          if (StringRef(assembly->getAsmString()).contains(name.getKey()))
            if (GlobalValue *target =
                    program.module->getNamedValue(name.getKey()))
              addEdge(from, target, Reason::Assembly, place());
    }
    for (const Use &operand : instruction.operands())
      if (operand.get() != callee)
        if (auto *constant = dyn_cast<Constant>(operand.get());
            constant && !isa<ConstantData>(constant))
          addConstant(from, *constant, Reason::Address, seen, place());
  }
  if (StackProtector::requiresStackProtector(&function))
    for (StringRef name : {kStackCheckFailed, kStackCheckGuard})
      if (std::optional<unsigned> target = definitionOf(name))
        graph.nodes[from].edges.push_back({*target, Reason::Codegen});
  if (function.hasPersonalityFn())
    addConstant(from, *function.getPersonalityFn(), Reason::Personality, seen);
  if (function.hasPrefixData())
    addConstant(from, *function.getPrefixData(), Reason::Address, seen);
}

void Builder::addValues() {
  for (Function &function : *program.module)
    if (!function.isIntrinsic())
      addFunction(nodeOf(function), function);
  for (GlobalVariable &variable : program.module->globals()) {
    if (isIntrinsicVariable(variable))
      continue;
    unsigned from = nodeOf(variable);
    if (!variable.hasInitializer())
      continue;
    SmallPtrSet<const Constant *, 16> seen;
    SmallVector<MDNode *, 4> types;
    variable.getMetadata(LLVMContext::MD_type, types);
    if (!types.empty())
      addSlots(from, variable, *variable.getInitializer(), 0, types, seen);
    else
      addConstant(from, *variable.getInitializer(),
                  variable.getName().starts_with("_ZTV") ? Reason::VtableSlot
                                                         : Reason::Initialiser,
                  seen);
  }
  for (GlobalAlias &alias : program.module->aliases()) {
    SmallPtrSet<const Constant *, 4> seen;
    addConstant(nodeOf(alias), *alias.getAliasee(), Reason::Alias, seen);
  }
  for (GlobalIFunc &ifunc : program.module->ifuncs()) {
    SmallPtrSet<const Constant *, 4> seen;
    addConstant(nodeOf(ifunc), *ifunc.getResolver(), Reason::Alias, seen);
  }
}

bool Builder::isNativeRoot(const ELFSectionRef &section, StringRef name) const {
  if (section.getFlags() & ELF::SHF_GNU_RETAIN)
    return true;
  switch (section.getType()) {
  case ELF::SHT_INIT_ARRAY:
  case ELF::SHT_FINI_ARRAY:
  case ELF::SHT_PREINIT_ARRAY:
  case ELF::SHT_NOTE:
    return true;
  }
  // What the link script keeps.
  return name.starts_with(".init_array") || name.starts_with(".ctors") ||
         name.starts_with(".fini_array") || name.starts_with(".dtors") ||
         name.starts_with(".ampoule.");
}

bool Builder::addTarget(InputFile &file, unsigned from,
                        const ELFSymbolRef &symbol) {
  Expected<const ELF64LE::Sym *> raw =
      file.native->getSymbol(symbol.getRawDataRefImpl());
  if (!raw) {
    consumeError(raw.takeError());
    return false;
  }
  if ((*raw)->getBinding() == ELF::STB_LOCAL) {
    auto it = ofSection.find({&file, (*raw)->st_shndx});
    if (it != ofSection.end())
      graph.nodes[from].edges.push_back({it->second, Reason::Native});
    return true;
  }
  Expected<StringRef> name = symbol.getName();
  if (!name) {
    consumeError(name.takeError());
    return false;
  }
  StringRef identifier = *name;
  if (identifier.consume_front("__start_") ||
      identifier.consume_front("__stop_"))
    for (unsigned node : byIdentifier.lookup(identifier))
      graph.nodes[from].edges.push_back({node, Reason::Native});
  const Symbol *resolved = symbols.find(*name);
  if (!resolved)
    return true;
  if (auto it = nativeDefinition.find(resolved->name);
      it != nativeDefinition.end()) {
    graph.nodes[from].edges.push_back({it->second, Reason::Native});
    return true;
  }
  if (GlobalValue *value = program.module->getNamedValue(resolved->name))
    addEdge(from, value, Reason::Native);
  return true;
}

void Builder::addRelocations(InputFile &file, const ELFSectionRef &section,
                             unsigned from) {
  for (const RelocationRef &relocation : section.relocations()) {
    symbol_iterator symbol = relocation.getSymbol();
    if (symbol == file.native->symbol_end())
      continue;
    if (!addTarget(file, from, *symbol)) {
      diag.error(file.name + ": invalid relocation");
      return;
    }
  }
}

void Builder::addNative(InputFile &file) {
  // Sections that describe others live and die with those; their references
  // (personality, exception tables) are taken as the whole file's.
  auto describesOthers = [](StringRef name) {
    return name == ".eh_frame" || name.starts_with(".gcc_except_table");
  };
  std::vector<ELFSectionRef> describing;
  for (const SectionRef &section : file.native->sections()) {
    Expected<section_iterator> target = section.getRelocatedSection();
    if (!target) {
      diag.error(file.name + ": " + toString(target.takeError()));
      return;
    }
    if (*target == file.native->section_end())
      continue;
    auto it =
        ofSection.find({&file, static_cast<unsigned>((*target)->getIndex())});
    if (it == ofSection.end())
      continue;
    Expected<StringRef> name = (*target)->getName();
    if (!name) {
      consumeError(name.takeError());
      continue;
    }
    if (describesOthers(*name))
      describing.push_back(section);
    else
      addRelocations(file, section, it->second);
  }
  if (describing.empty())
    return;
  // One node stands for the file's unwind data: it refers to what is not the
  // file's own code.
  unsigned node = graph.nodes.size();
  graph.nodes.emplace_back();
  graph.nodes[node].kind = Node::Section;
  graph.nodes[node].name = file.name + ":(.eh_frame)";
  graph.nodes[node].module = moduleOf(file.name);
  for (const ELFSectionRef &section : describing)
    for (const RelocationRef &relocation : section.relocations()) {
      symbol_iterator symbol = relocation.getSymbol();
      if (symbol == file.native->symbol_end())
        continue;
      ELFSymbolRef reference = *symbol;
      Expected<const ELF64LE::Sym *> raw =
          file.native->getSymbol(reference.getRawDataRefImpl());
      if (!raw)
        consumeError(raw.takeError());
      else if ((*raw)->st_shndx == ELF::SHN_UNDEF)
        addTarget(file, node, reference);
    }
  for (auto &[key, id] : ofSection)
    if (key.first == &file)
      graph.nodes[id].edges.push_back({node, Reason::Personality});
}

void Builder::addRoot(StringRef name, Reason reason) {
  if (std::optional<unsigned> node = definitionOf(name))
    graph.roots.push_back({*node, reason});
}

void Builder::addRoots(ArrayRef<std::string> entries) {
  for (const std::string &entry : entries)
    addRoot(entry, Reason::Entry);
  for (const std::string &name : config.undefined)
    addRoot(name, Reason::Option);
  for (const Defsym &defsym : config.defsym)
    for (const std::string &name : defsym.names)
      addRoot(name, Reason::Option);
  for (auto &[name, symbol] : symbols.table)
    if (symbol->wrapped)
      addRoot(name, Reason::Option);

  auto addList = [&](StringRef list, Reason reason) {
    auto *variable = program.module->getNamedGlobal(list);
    if (!variable || !variable->hasInitializer())
      return;
    unsigned scratch = graph.nodes.size();
    graph.nodes.emplace_back().name = list.str();
    SmallPtrSet<const Constant *, 16> seen;
    addConstant(scratch, *variable->getInitializer(), reason, seen);
    const std::vector<Edge> &edges = graph.nodes[scratch].edges;
    graph.roots.insert(graph.roots.end(), edges.begin(), edges.end());
  };
  addList("llvm.used", Reason::Retained);
  addList("llvm.compiler.used", Reason::Retained);
  addList("llvm.global_ctors", Reason::Constructor);
  addList("llvm.global_dtors", Reason::Constructor);

  StringRef assembly = program.module->getModuleInlineAsm();
  for (const auto &name : program.assemblySymbols)
    if (assembly.contains(name.getKey()))
      addRoot(name.getKey(), Reason::Assembly);

  for (auto &[key, id] : ofSection) {
    for (const SectionRef &section : key.first->native->sections()) {
      if (section.getIndex() != key.second)
        continue;
      Expected<StringRef> name = section.getName();
      if (name && isNativeRoot(section, *name))
        graph.roots.push_back({id, Reason::Retained});
      else if (!name)
        consumeError(name.takeError());
    }
  }
  sort(graph.roots, [](const Edge &a, const Edge &b) {
    return std::pair(a.reason, a.to) < std::pair(b.reason, b.to);
  });
}

void Builder::addSections(InputFile &file) {
  for (const SectionRef &section : file.native->sections()) {
    unsigned index = section.getIndex();
    if (!(ELFSectionRef(section).getFlags() & ELF::SHF_ALLOC) ||
        (index < file.discarded.size() && file.discarded[index]))
      continue;
    Expected<StringRef> name = section.getName();
    if (!name) {
      diag.error(file.name + ": " + toString(name.takeError()));
      continue;
    }
    ofSection[{&file, index}] = graph.nodes.size();
    byIdentifier[*name].push_back(graph.nodes.size());
    Node &node = graph.nodes.emplace_back();
    node.kind = Node::Section;
    node.name = file.name + ":(" + name->str() + ")";
    node.module = moduleOf(file.name);
    node.object = memberOf(file.name).str();
  }
  for (const ELFSymbolRef &symbol : file.native->symbols()) {
    Expected<const ELF64LE::Sym *> raw =
        file.native->getSymbol(symbol.getRawDataRefImpl());
    Expected<StringRef> name = symbol.getName();
    if (!raw || !name) {
      consumeError(raw ? Error::success() : raw.takeError());
      consumeError(name ? Error::success() : name.takeError());
      continue;
    }
    const Symbol *resolved = symbols.find(*name);
    auto it = ofSection.find({&file, (*raw)->st_shndx});
    if ((*raw)->getBinding() != ELF::STB_LOCAL && resolved &&
        resolved->file == &file && it != ofSection.end())
      nativeDefinition[*name] = it->second;
    if (it != ofSection.end() && !name->empty() &&
        symbol.getELFType() == ELF::STT_FUNC)
      graph.nodes[it->second].symbols.push_back(name->str());
  }
}

/// A module with a live definition makes its init and the modules that it needs
/// live.
void Builder::addModules() {
  StringMap<unsigned> nodes;
  for (const LibosModule &module : modules.ordered) {
    unsigned node = nodes[module.name] = graph.nodes.size();
    graph.nodes.emplace_back();
    graph.nodes[node].kind = Node::Module;
    graph.nodes[node].name = "module " + module.name;
    graph.nodes[node].module = module.name;
    if (module.init)
      addEdge(node, module.init, Reason::ModuleInit);
    // Needs come before those who need them.
    for (const std::string &need : module.needs)
      graph.nodes[node].edges.push_back({nodes[need], Reason::ModuleNeeds});
  }
  for (Node &node : graph.nodes)
    if (auto it = nodes.find(node.module);
        it != nodes.end() && node.isDefinition && !node.isInline &&
        node.kind != Node::Module)
      node.edges.push_back({it->second, Reason::Module});
}

ProgramGraph Builder::build(ArrayRef<std::string> entries) {
  for (InputFile *file : program.natives)
    addSections(*file);
  collectKeys();
  addValues();
  for (InputFile *file : program.natives)
    addNative(*file);
  addModules();
  addRoots(entries);
  return std::move(graph);
}

} // namespace

ProgramGraph buildGraph(Program &program, const SymbolTable &symbols,
                        const ModuleSet &modules, const Config &config,
                        ArrayRef<std::string> entries, Diag &diag) {
  return Builder(program, symbols, modules, config, diag).build(entries);
}

} // namespace ampoule::linker
