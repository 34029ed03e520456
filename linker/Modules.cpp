// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Finds constants of section ".ampoule.modules", reads {name, init, needs} from
// their initialisers, orders the modules, and deletes the records with the
// names and lists that only they used.
#include "linker/Modules.h"
#include "linker/Diag.h"

#include "llvm/Analysis/ValueTracking.h"
#include "llvm/IR/Constants.h"
#include "llvm/Transforms/Utils/ModuleUtils.h"

using namespace llvm;

namespace ampoule::linker {
namespace {

constexpr StringLiteral kSection = ".ampoule.modules";
constexpr StringLiteral kRecordPrefix = "__ampoule_module_";

/// The modules that the null-terminated list of records names.
bool readNeeds(const Constant *list, LibosModule &module) {
  const auto *variable = dyn_cast<GlobalVariable>(list->stripPointerCasts());
  if (!variable || !variable->hasInitializer())
    return list->isNullValue();
  const auto *entries = dyn_cast<ConstantArray>(variable->getInitializer());
  if (!entries)
    return variable->getInitializer()->isNullValue();
  for (const Use &use : entries->operands()) {
    const auto *need = dyn_cast<GlobalVariable>(use->stripPointerCasts());
    if (!need)
      break;
    StringRef name = need->getName();
    if (!name.consume_front(kRecordPrefix))
      return false;
    module.needs.push_back(name.str());
  }
  return true;
}

bool readRecord(const GlobalVariable &record, LibosModule &module) {
  const auto *fields = dyn_cast_or_null<ConstantStruct>(
      record.hasInitializer() ? record.getInitializer() : nullptr);
  if (!fields || fields->getNumOperands() != 3)
    return false;
  StringRef name;
  if (!getConstantStringInfo(fields->getOperand(0), name))
    return false;
  module.name = name.str();
  module.init =
      dyn_cast<Function>(fields->getOperand(1)->stripPointerCasts());
  if (!module.init && !fields->getOperand(1)->isNullValue())
    return false;
  return readNeeds(fields->getOperand(2), module);
}

class Sorter {
public:
  Sorter(std::map<std::string, LibosModule> &all, ModuleSet &out, Diag &diag)
      : all(all), out(out), diag(diag) {}

  void visit(const std::string &name) {
    if (is_contained(path, name)) {
      std::string cycle;
      for (const std::string &step : make_range(find(path, name), path.end()))
        cycle += step + " -> ";
      diag.error("modules need each other: " + cycle + name);
      return;
    }
    auto it = all.find(name);
    if (it == all.end() || !done.insert(name).second)
      return;
    path.push_back(name);
    for (const std::string &need : it->second.needs)
      visit(need);
    path.pop_back();
    out.ordered.push_back(it->second);
  }

private:
  std::map<std::string, LibosModule> &all;
  ModuleSet &out;
  Diag &diag;
  StringSet<> done;
  std::vector<std::string> path;
};

} // namespace

ModuleSet takeModules(Program &program, Diag &diag) {
  std::map<std::string, LibosModule> all;
  std::vector<GlobalVariable *> records;
  for (GlobalVariable &variable : program.module->globals()) {
    if (variable.getSection() != kSection || variable.isDeclaration())
      continue;
    records.push_back(&variable);
    LibosModule module;
    StringRef origin = originOf(variable);
    if (!readRecord(variable, module)) {
      diag.error(origin + ": malformed module record '" + variable.getName() +
                 "'; declare modules with AMPOULE_MODULE");
      continue;
    }
    // Nothing refers to an init until Start writes the calls.
    if (module.init && module.init->hasLocalLinkage()) {
      module.init->setLinkage(GlobalValue::ExternalLinkage);
      module.init->setVisibility(GlobalValue::HiddenVisibility);
    }
    // A third party's module is known by its record's name, not by its file's.
    program.moduleOfOrigin[origin] = module.name;
    if (!all.emplace(module.name, module).second)
      diag.error(origin + ": module '" + module.name + "' is defined twice");
  }
  for (auto &[name, module] : all)
    for (const std::string &need : module.needs)
      if (!all.count(need))
        diag.error("module '" + name + "' needs '" + need +
                   "', which no input defines");

  // Release: nothing but llvm.used may still hold a record.
  removeFromUsedLists(*program.module, [&](Constant *constant) {
    return is_contained(records, constant->stripPointerCasts());
  });
  for (GlobalVariable *record : records)
    record->setInitializer(nullptr), record->setLinkage(GlobalValue::ExternalLinkage);
  // The lists of needs refer to records; they are internal and now unused.
  for (GlobalVariable &list : make_early_inc_range(program.module->globals())) {
    list.removeDeadConstantUsers();
    if (list.getName().contains("__ampoule_needs_") && list.use_empty())
      list.eraseFromParent();
  }
  for (GlobalVariable &record :
       make_early_inc_range(program.module->globals())) {
    record.removeDeadConstantUsers();
    if (record.getName().starts_with(kRecordPrefix) && record.use_empty())
      record.eraseFromParent();
  }

  ModuleSet modules;
  Sorter sorter(all, modules, diag);
  for (auto &[name, module] : all)
    sorter.visit(name);
  return modules;
}

void printModules(const ModuleSet &modules, raw_ostream &os) {
  for (const LibosModule &module : modules.ordered) {
    os << module.name;
    if (!module.needs.empty())
      os << " needs " << join(module.needs, ", ");
    os << '\n';
  }
}

} // namespace ampoule::linker
