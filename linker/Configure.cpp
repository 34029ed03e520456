// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A variable that is set at boot bears LLVM's externally_initialized until the
// table of parameters refers to it: nobody may take its initialiser for its
// value, and without a reader it goes.
#include "linker/Configure.h"
#include "linker/Definitions.h"
#include "linker/Diag.h"
#include "linker/Places.h"
#include "linker/Records.h"

#include "llvm/Demangle/Demangle.h"

using namespace llvm;

namespace ampoule::linker {
namespace {

constexpr StringLiteral kSettingsSection = ".ampoule.config";
constexpr StringLiteral kParameterSection = ".ampoule.parameters";
constexpr StringLiteral kTable = "ampoule_parameters";

class Configurator {
public:
  Configurator(Program &program, const Config &config, Diag &diag)
      : program(program), module(*program.module), config(config), diag(diag) {}

  Configuration run();

private:
  void readSettings(GlobalVariable &record);
  bool readSetting(const RecordReader &reader, SettingId id);
  void state(SettingId id, const Setting &setting);
  bool readEmbed(const RecordReader &reader, unsigned index);
  void checkSettings();
  void readParameter(GlobalVariable &record);
  void defineSettings();
  void define(SettingId id, StringRef symbol, Constant *value);
  void addParameter(Parameter parameter, GlobalVariable *variable);
  void settleParameters();

  Program &program;
  Module &module;
  const Config &config;
  Diag &diag;
  Configuration result;
};

void Configurator::state(SettingId id, const Setting &setting) {
  Setting &known = result.settings[id];
  bool isAtBoot = known.isAtBoot || setting.isAtBoot;
  if (!known.isStated())
    known = setting;
  else if (!known.sameAs(setting))
    diag.error(infoOf(id).name + " is stated twice, differently\n>>> " +
               showValue(id, known) + " by " + known.place + "\n>>> " +
               showValue(id, setting) + " by " + setting.place);
  known.isAtBoot = isAtBoot;
}

bool Configurator::readSetting(const RecordReader &reader, SettingId id) {
  unsigned base = static_cast<unsigned>(id) * sizeof(detail::Setting);
  std::optional<std::string> file =
      reader.text(base + offsetof(detail::Setting, file));
  if (!file)
    return true;
  auto number = [&](unsigned offset, unsigned bits) {
    return reader.number(base + offset, bits);
  };
  auto line = number(offsetof(detail::Setting, line), 32);
  auto isAtBoot = number(offsetof(detail::Setting, isAtBoot), 32);
  auto value = number(offsetof(detail::Setting, number), 64);
  if (!line || !isAtBoot || !value)
    return false;
  Setting setting;
  setting.number = *value;
  setting.text =
      reader.text(base + offsetof(detail::Setting, text)).value_or("");
  setting.place = shownFile(module, *file) + ":" + utostr(*line);
  setting.isAtBoot = *isAtBoot;
  // The header checks what the compiler knows.
  if (std::optional<StringRef> why = whyInvalid(id, setting))
    diag.error(infoOf(id).name + " is not valid: " + *why + "\n>>> stated by " +
               setting.place);
  else
    state(id, setting);
  return true;
}

bool Configurator::readEmbed(const RecordReader &reader, unsigned index) {
  unsigned base = detail::kSettings * sizeof(detail::Setting) +
                  index * sizeof(detail::Embed);
  std::optional<std::string> file =
      reader.text(base + offsetof(detail::Embed, file));
  if (!file)
    return true;
  auto folder = reader.text(base + offsetof(detail::Embed, folder));
  auto mount = reader.text(base + offsetof(detail::Embed, mount));
  auto line = reader.number(base + offsetof(detail::Embed, line), 64);
  if (!folder || !mount || !line)
    return false;
  Embed embed;
  embed.folder = std::move(*folder);
  embed.mount = std::move(*mount);
  embed.place = shownFile(module, *file) + ":" + utostr(*line);
  embed.base = directoryOf(module, *file);
  if (!StringRef(embed.mount).starts_with("/"))
    diag.error("cannot embed at '" + embed.mount +
               "': it does not begin with a slash\n>>> stated by " +
               embed.place);
  result.embeds.push_back(std::move(embed));
  return true;
}

void Configurator::readSettings(GlobalVariable &record) {
  RecordReader reader(record);
  bool isRead = reader.size() == sizeof(ampoule::Config);
  for (SettingId id : kSettingIds)
    isRead = isRead && readSetting(reader, id);
  for (unsigned i = 0; i != detail::kEmbeds; ++i)
    isRead = isRead && readEmbed(reader, i);
  if (!isRead)
    diag.error(originOf(record) +
               ": cannot read the configuration; compile it again, with this "
               "version's ampoule/config.h");
}

void Configurator::checkSettings() {
  Settings &settings = result.settings;
  const Setting &memory = settings[SettingId::Memory],
                &most = settings[SettingId::MemoryMax];
  if (memory.isStated() && memory.number > most.number)
    diag.error("memory is more than memory-max\n>>> " +
               showValue(SettingId::Memory, memory) + " by " + memory.place +
               "\n>>> " + showValue(SettingId::MemoryMax, most) + " by " +
               (most.isStated() ? most.place : "default"));
  const Setting &address = settings[SettingId::Address],
                &gateway = settings[SettingId::Gateway];
  if (!gateway.text.empty() && !address.isAtBoot &&
      detail::isDhcp(address.text.c_str()))
    diag.error("a gateway is stated, but the address comes by DHCP, with its "
               "own; state the address, too\n>>> " +
               gateway.text + " by " + gateway.place);
  // A mount needs its disk, which need not be stated.
  const Setting &mount = settings[SettingId::Mount];
  if (!mount.isStated())
    return;
  Setting &disks = settings[SettingId::Disks];
  auto needed = static_cast<std::uint64_t>(detail::disksOf(mount.text.c_str()));
  if (!disks.isStated()) {
    disks.number = needed;
    disks.place = mount.place;
  } else if (disks.number < needed) {
    diag.error("a mount is on a disk that the image is not to use\n>>> " +
               mount.text + " by " + mount.place + "\n>>> disks is " +
               showValue(SettingId::Disks, disks) + " by " + disks.place);
  }
}

void Configurator::addParameter(Parameter parameter, GlobalVariable *variable) {
  for (const Configuration::BootValue &other : result.parameters)
    if (other.parameter.name == parameter.name)
      diag.error("parameter '" + parameter.name +
                 "' is declared twice\n>>> by " + other.parameter.place +
                 "\n>>> by " + parameter.place);
  variable->setExternallyInitialized(true);
  result.parameters.push_back({std::move(parameter), variable});
}

void Configurator::readParameter(GlobalVariable &record) {
  using Record = detail::Parameter;
  RecordReader reader(record);
  std::optional<std::string> name = reader.text(offsetof(Record, name)),
                             help = reader.text(offsetof(Record, help)),
                             file = reader.text(offsetof(Record, file));
  auto line = reader.number(offsetof(Record, line), 32);
  auto kind = reader.number(offsetof(Record, kind), 32);
  auto least = reader.number(offsetof(Record, least), 64);
  auto most = reader.number(offsetof(Record, most), 64);
  GlobalVariable *variable = reader.variable(offsetof(Record, value));
  if (!name || !help || !file || !line || !kind || !least || !most ||
      *kind > static_cast<std::uint32_t>(ParameterKind::Text) || !variable ||
      !variable->hasInitializer()) {
    diag.error(originOf(record) + ": malformed record '" + record.getName() +
               "'; use AMPOULE_PARAMETER");
    return;
  }
  Parameter parameter;
  parameter.name = std::move(*name);
  parameter.help = std::move(*help);
  parameter.place = shownFile(module, *file) + ":" + utostr(*line);
  parameter.kind = static_cast<ParameterKind>(*kind);
  parameter.least = *least;
  parameter.most = *most;
  RecordReader value(*variable);
  unsigned bits = 8 * value.size();
  if (parameter.kind == ParameterKind::Text)
    parameter.initial = value.text(0).value_or("");
  else if (parameter.kind == ParameterKind::Boolean)
    parameter.initial = value.number(0, 8).value_or(0) ? "true" : "false";
  else if (parameter.kind == ParameterKind::Signed)
    parameter.initial =
        itostr(SignExtend64(value.number(0, bits).value_or(0), bits));
  else
    parameter.initial = utostr(value.number(0, bits).value_or(0));
  addParameter(std::move(parameter), variable);
}

void Configurator::define(SettingId id, StringRef symbol, Constant *value) {
  const Setting &setting = result.settings[id];
  GlobalVariable *variable = defineDeclared(
      program, symbol, value, /*isConstant=*/!setting.isAtBoot, kStartOrigin);
  if (!variable || !setting.isAtBoot)
    return;
  Parameter parameter;
  parameter.name = infoOf(id).name.str();
  parameter.help = infoOf(id).help.str();
  parameter.place = setting.place;
  parameter.initial = showValue(id, setting);
  if (infoOf(id).kind == SettingInfo::Choice) {
    parameter.kind = ParameterKind::Choice;
    for (StringRef choice : choicesOf(id))
      parameter.choices.push_back(choice.str());
  } else {
    parameter.most = mostCharacters(id);
  }
  addParameter(std::move(parameter), variable);
}

Constant *textIn(Program &program, StringRef text) {
  return defineConstant(program,
                        ConstantDataArray::getString(program.context, text),
                        ".str", kStartOrigin);
}

void Configurator::defineSettings() {
  const Settings &settings = result.settings;
  auto text = [&](SettingId id, StringRef symbol) {
    define(id, symbol, textIn(program, settings[id].text));
  };
  text(SettingId::Hostname, "ampoule_config_hostname");
  text(SettingId::Address, "ampoule_config_address");
  text(SettingId::Gateway, "ampoule_config_gateway");
  text(SettingId::Nameservers, "ampoule_config_nameservers");
  text(SettingId::Mount, "ampoule_config_mount");
  auto number = [&](unsigned bits, std::uint64_t value) {
    return ConstantInt::get(Type::getIntNTy(module.getContext(), bits), value);
  };
  define(SettingId::Ipv6, "ampoule_config_ipv6",
         number(32, settings[SettingId::Ipv6].number));
  define(SettingId::Log, "ampoule_config_log",
         number(32, settings[SettingId::Log].number));
  define(SettingId::MemoryMax, "ampoule_config_memory_max",
         number(64, settings.memoryMax()));
  define(SettingId::ThreadStack, "ampoule_config_thread_stack",
         number(64, settings.threadStack()));
  define(SettingId::Disks, "ampoule_config_disks",
         number(32, settings[SettingId::Disks].number));
  define(SettingId::TimeSlice, "ampoule_config_time_slice",
         number(64, settings[SettingId::TimeSlice].number * 1000));
  defineDeclared(program, "ampoule_config_require_seal",
                 number(32, static_cast<std::uint32_t>(config.requiredSeal)),
                 /*isConstant=*/true, kStartOrigin);
}

void Configurator::settleParameters() {
  std::vector<StringRef> names;
  for (const Configuration::BootValue &each : result.parameters)
    names.push_back(each.parameter.name);
  for (StringRef assignment : config.parameters) {
    auto [name, text] = assignment.split('=');
    auto it = find(names, name);
    if (it == names.end()) {
      diag.error("--ampoule-param=" + assignment + ": " +
                 toString(unknownParameter(name, names)));
      continue;
    }
    Configuration::BootValue &each = result.parameters[it - names.begin()];
    Expected<std::uint64_t> value = parseValue(each.parameter, text);
    if (!value) {
      diag.error("--ampoule-param=" + assignment + ": " +
                 toString(value.takeError()) + "\n>>> declared by " +
                 each.parameter.place);
      continue;
    }
    auto *variable = cast<GlobalVariable>(each.variable);
    Type *type = variable->getValueType();
    variable->setInitializer(type->isPointerTy()
                                 ? textIn(program, text)
                                 : ConstantInt::get(type, *value));
    variable->setConstant(true);
    variable->setExternallyInitialized(false);
    each.parameter.state = Parameter::Settled;
    each.parameter.initial = text.str();
  }
}

Configuration Configurator::run() {
  for (auto &[id, setting] : config.settings)
    state(id, setting);
  for (SettingId id : config.atBoot)
    result.settings[id].isAtBoot = true;
  std::vector<GlobalVariable *> settings = recordsIn(program, kSettingsSection);
  for (GlobalVariable *record : settings)
    readSettings(*record);
  eraseRecords(program, settings);
  result.settings.complete();
  checkSettings();
  result.embeds.insert(result.embeds.end(), config.embeds.begin(),
                       config.embeds.end());
  addFiles(program, readTrees(result.embeds, diag), sourceDate(diag));
  std::vector<GlobalVariable *> records = recordsIn(program, kParameterSection);
  for (GlobalVariable *record : records)
    readParameter(*record);
  eraseRecords(program, records);
  defineSettings();
  settleParameters();
  sort(result.parameters,
       [](auto &a, auto &b) { return a.parameter.name < b.parameter.name; });
  return std::move(result);
}

/// struct abi::Parameter (libos/abi/parameter.h)
StructType *entryTypeOf(LLVMContext &context) {
  auto *pointer = PointerType::get(context, 0);
  Type *wide = Type::getInt64Ty(context), *word = Type::getInt32Ty(context);
  return StructType::get(context,
                         {pointer, pointer, pointer, wide, wide, word, word});
}

Constant *entryOf(Program &program, const Parameter &parameter,
                  GlobalVariable *variable) {
  StructType *type = entryTypeOf(program.context);
  Constant *choices = Constant::getNullValue(type->getElementType(2));
  if (!parameter.choices.empty())
    choices = textIn(program, join(parameter.choices, StringRef("\0", 1)) +
                                  std::string(1, '\0'));
  auto number = [&](unsigned field, std::uint64_t value) {
    return ConstantInt::get(type->getElementType(field), value);
  };
  const DataLayout &layout = program.module->getDataLayout();
  return ConstantStruct::get(
      type, {textIn(program, parameter.name), variable, choices,
             number(3, parameter.least), number(4, parameter.most),
             number(5, static_cast<std::uint32_t>(parameter.kind)),
             number(6, layout.getTypeAllocSize(variable->getValueType()))});
}

} // namespace

Configuration takeConfiguration(Program &program, const Config &config,
                                Diag &diag) {
  return Configurator(program, config, diag).run();
}

std::vector<Parameter> addParameters(Program &program,
                                     const Configuration &configuration) {
  std::vector<Parameter> parameters;
  std::vector<Constant *> entries;
  for (const Configuration::BootValue &each : configuration.parameters) {
    Parameter &parameter = parameters.emplace_back(each.parameter);
    Value *value = each.variable;
    auto *variable = cast_or_null<GlobalVariable>(value);
    if (parameter.state == Parameter::Settled || !variable ||
        variable->isDeclaration())
      continue;
    parameter.state = Parameter::AtBoot;
    entries.push_back(entryOf(program, parameter, variable));
  }
  StructType *type = entryTypeOf(program.context);
  entries.push_back(Constant::getNullValue(type));
  defineDeclared(program, kTable, arrayOf(type, entries), /*isConstant=*/true,
                 kStartOrigin);
  return parameters;
}

void fitStack(Settings &settings, const StringMap<std::uint64_t> &frames,
              Diag &diag) {
  const StringMapEntry<std::uint64_t> *largest = nullptr;
  for (const auto &frame : frames)
    if (!largest || std::pair(largest->getValue(), frame.getKey()) <
                        std::pair(frame.getValue(), largest->getKey()))
      largest = &frame;
  if (!largest)
    return;
  Setting &stack = settings[SettingId::Stack];
  if (!stack.isStated())
    stack.number += alignTo(largest->getValue(), abi::kPageSize);
  else if (largest->getValue() > stack.number)
    diag.warning("'" + demangle(largest->getKey()) + "' needs " +
                 Twine(largest->getValue()) +
                 " bytes of stack, more than main has: " +
                 showValue(SettingId::Stack, stack) + " by " + stack.place);
}

} // namespace ampoule::linker
