// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "linker/Report.h"

#include "llvm/ADT/STLExtras.h"

using namespace llvm;

namespace ampoule::linker {

static bool isContent(StringRef kind) {
  return kind == "code" || kind == "data" || kind == "unwind";
}

std::uint64_t ByteTotals::content() const {
  std::uint64_t sum = 0;
  for (auto &[kind, bytes] : byKind)
    if (isContent(kind))
      sum += bytes;
  return sum;
}

std::vector<std::pair<std::uint64_t, std::string>>
largestFirst(const std::map<std::string, std::uint64_t> &bytes) {
  std::vector<std::pair<std::uint64_t, std::string>> sorted;
  for (auto &[name, count] : bytes)
    sorted.push_back({count, name});
  llvm::stable_sort(sorted, [](auto &a, auto &b) { return a.first > b.first; });
  return sorted;
}

ByteTotals addBytes(const Report &report) {
  ByteTotals totals;
  for (const ByteMapEntry &entry : report.byteMap) {
    totals.total += entry.size;
    totals.byKind[entry.kind] += entry.size;
    totals.byModule[entry.module.empty() ? entry.kind : entry.module] +=
        entry.size;
  }
  return totals;
}

namespace {

json::Object modulesToJson(const Report &report) {
  struct Module {
    std::uint64_t before = 0, after = 0;
  };
  std::map<std::string, Module> modules;
  for (auto &[name, size] : report.before)
    modules[name].before = size;
  for (const ByteMapEntry &entry : report.byteMap)
    if (isContent(entry.kind))
      modules[entry.module].after += entry.size;
  for (const std::string &name : report.programModules)
    modules.try_emplace(name);
  json::Object object;
  for (auto &[name, module] : modules) {
    json::Object row{{"after", module.after}};
    if (!report.before.empty())
      row["before"] = module.before;
    if (report.programModules.count(name))
      row["program"] = true;
    object[name] = std::move(row);
  }
  return object;
}

json::Array settingsToJson(const Settings &settings) {
  json::Array rows;
  for (SettingId id : kSettingIds) {
    const Setting &setting = settings[id];
    json::Object row{{"name", infoOf(id).name},
                     {"place", setting.place},
                     {"atBoot", setting.isAtBoot}};
    if (infoOf(id).isNumber())
      row["value"] = setting.number;
    else
      row["value"] = showValue(id, setting);
    rows.push_back(std::move(row));
  }
  return rows;
}

/// In the order of ParameterKind and of Parameter::State.
constexpr StringLiteral kKinds[] = {"boolean", "signed", "unsigned", "text",
                                    "choice"};
constexpr StringLiteral kStates[] = {"at boot", "settled", "unread"};

json::Array parametersToJson(ArrayRef<Parameter> parameters) {
  json::Array rows;
  for (const Parameter &parameter : parameters) {
    json::Object row{
        {"name", parameter.name},
        {"help", parameter.help},
        {"place", parameter.place},
        {"type", kKinds[static_cast<std::uint32_t>(parameter.kind)]},
        {"value", parameter.initial},
        {"state", kStates[parameter.state]}};
    if (parameter.kind == ParameterKind::Signed) {
      row["least"] = static_cast<std::int64_t>(parameter.least);
      row["most"] = static_cast<std::int64_t>(parameter.most);
    } else {
      row["least"] = parameter.least;
      row["most"] = parameter.most;
    }
    if (!parameter.choices.empty())
      row["choices"] = json::Array(parameter.choices);
    rows.push_back(std::move(row));
  }
  return rows;
}

json::Object toJson(const Report &report) {
  json::Array map, segments, memory, arguments, erased, embeds, instructions;
  for (const ByteMapEntry &entry : report.byteMap)
    map.push_back(json::Object{{"offset", entry.offset},
                               {"size", entry.size},
                               {"kind", entry.kind},
                               {"module", entry.module},
                               {"symbol", entry.symbol}});
  for (const ReportedArgument &argument : report.arguments) {
    json::Object row{{"call", argument.call},
                     {"what", argument.what},
                     {"place", argument.place}};
    if (argument.value)
      row["value"] = *argument.value;
    arguments.push_back(std::move(row));
  }
  for (const ErasedUse &use : report.erasedUses)
    erased.push_back(json::Object{{"name", use.name}, {"place", use.place}});
  for (const ReportedEmbed &embed : report.embeds)
    embeds.push_back(json::Object{{"folder", embed.folder},
                                  {"mount", embed.mount},
                                  {"place", embed.place}});
  for (const ReportedInstruction &found : report.instructions)
    instructions.push_back(json::Object{{"name", found.name},
                                        {"address", found.address},
                                        {"symbol", found.symbol}});
  for (const Segment &segment : report.segments)
    segments.push_back(json::Object{{"address", segment.address},
                                    {"offset", segment.offset},
                                    {"fileSize", segment.fileSize},
                                    {"memorySize", segment.memorySize}});
  for (const MappedRange &range : report.memory)
    memory.push_back(json::Object{{"address", range.address},
                                  {"size", range.size},
                                  {"permission", range.permission},
                                  {"purpose", range.purpose}});
  json::Object object{
      {"schema", kReportSchema},
      {"buildId", report.buildId},
      {"target", report.target},
      {"fileSize", addBytes(report).total},
      {"settings", settingsToJson(report.settings)},
      {"parameters", parametersToJson(report.parameters)},
      {"embedded", std::move(embeds)},
      {"files", report.files},
      {"filesKept", report.filesKept},
      {"filesKeptFor", report.filesKeptFor},
      {"unsealable", std::move(instructions)},
      {"hypercalls", json::Array(report.hypercalls)},
      {"startedModules", json::Array(report.startedModules)},
      {"unimplementedSystemCalls", json::Array(report.unimplemented)},
      {"unsupportedArguments", std::move(arguments)},
      {"erasedUses", std::move(erased)},
      {"virtualFunctionsKeptBecause", json::Array(report.virtualsKept)},
      {"cpuFeatures", json::Array(report.features)},
      {"modules", modulesToJson(report)},
      {"byteMap", std::move(map)},
      {"segments", std::move(segments)},
      {"memory", std::move(memory)}};
  if (report.seed)
    object["seed"] = *report.seed;
  return object;
}

/// Reads the members of objects; a missing one makes the reader fail.
class Reader {
public:
  explicit Reader(const json::Object &object) : object(object) {}

  std::uint64_t number(StringRef key) {
    const json::Value *value = object.get(key);
    std::optional<std::uint64_t> number =
        value ? value->getAsUINT64() : std::nullopt;
    failed |= !number;
    return number.value_or(0);
  }
  /// The index of one of the names.
  std::size_t choice(StringRef key, ArrayRef<StringLiteral> names) {
    std::size_t index = find(names, text(key)) - names.begin();
    failed |= index == names.size();
    return failed ? 0 : index;
  }
  bool flag(StringRef key) {
    std::optional<bool> flag = object.getBoolean(key);
    failed |= !flag;
    return flag.value_or(false);
  }
  std::optional<std::int64_t> optionalNumber(StringRef key) {
    return object.getInteger(key);
  }
  std::string text(StringRef key) {
    std::optional<StringRef> text = object.getString(key);
    failed |= !text;
    return text.value_or("").str();
  }
  std::vector<std::string> texts(StringRef key) {
    std::vector<std::string> result;
    eachValue(key, [&](const json::Value &value) {
      failed |= !value.getAsString();
      result.push_back(value.getAsString().value_or("").str());
    });
    return result;
  }
  template <typename Read> void each(StringRef key, Read read) {
    eachValue(key, [&](const json::Value &value) {
      if (const json::Object *row = value.getAsObject()) {
        Reader reader(*row);
        read(reader);
        failed |= reader.failed;
      } else {
        failed = true;
      }
    });
  }

  bool failed = false;

private:
  template <typename Read> void eachValue(StringRef key, Read read) {
    const json::Array *array = object.getArray(key);
    failed |= !array;
    if (array)
      for (const json::Value &value : *array)
        read(value);
  }

  const json::Object &object;
};

} // namespace

void writeJson(const Report &report, raw_ostream &os,
               function_ref<void(json::OStream &)> more) {
  json::OStream json(os, 2);
  json::Object head = toJson(report);
  json.object([&] {
    for (const json::Object::value_type *entry : json::sortedElements(head))
      json.attribute(entry->first, entry->second);
    json.attributeObject("graph", [&] { write(report.explanation, json); });
    if (more)
      more(json);
  });
  os << '\n';
}

static void readSetting(Reader &row, Settings &settings) {
  std::string name = row.text("name");
  const SettingId *id = find_if(
      kSettingIds, [&](SettingId each) { return infoOf(each).name == name; });
  if (id == std::end(kSettingIds)) {
    row.failed = true;
    return;
  }
  Setting &setting = settings[*id];
  setting.place = row.text("place");
  setting.isAtBoot = row.flag("atBoot");
  if (infoOf(*id).isNumber())
    setting.number = row.number("value");
  else if (infoOf(*id).kind == SettingInfo::Choice)
    setting.number = row.choice("value", choicesOf(*id));
  else
    setting.text = row.text("value");
}

static Parameter readParameter(Reader &row) {
  Parameter parameter;
  parameter.name = row.text("name");
  parameter.help = row.text("help");
  parameter.place = row.text("place");
  parameter.kind = static_cast<ParameterKind>(row.choice("type", kKinds));
  parameter.state = static_cast<Parameter::State>(row.choice("state", kStates));
  parameter.initial = row.text("value");
  bool isSigned = parameter.kind == ParameterKind::Signed;
  parameter.least =
      isSigned ? row.optionalNumber("least").value_or(0) : row.number("least");
  parameter.most =
      isSigned ? row.optionalNumber("most").value_or(0) : row.number("most");
  if (parameter.kind == ParameterKind::Choice)
    parameter.choices = row.texts("choices");
  return parameter;
}

Expected<Report> readReport(StringRef text) {
  Expected<json::Value> value = json::parse(text);
  const json::Object *object = value ? value->getAsObject() : nullptr;
  if (!object) {
    if (!value)
      consumeError(value.takeError());
    return createStringError("is not a report");
  }
  if (object->getInteger("schema") != kReportSchema)
    return createStringError(
        "is not a report of this version; link the image again");
  Reader reader(*object);
  Report report;
  report.target = reader.text("target");
  report.buildId = reader.text("buildId");
  if (std::optional<std::int64_t> seed = reader.optionalNumber("seed"))
    report.seed = *seed;
  reader.each("settings",
              [&](Reader &row) { readSetting(row, report.settings); });
  reader.each("parameters", [&](Reader &row) {
    report.parameters.push_back(readParameter(row));
  });
  reader.each("embedded", [&](Reader &row) {
    report.embeds.push_back(
        {row.text("folder"), row.text("mount"), row.text("place")});
  });
  report.files = reader.number("files");
  report.filesKept = reader.number("filesKept");
  report.filesKeptFor = reader.text("filesKeptFor");
  reader.each("unsealable", [&](Reader &row) {
    report.instructions.push_back(
        {row.text("name"), row.number("address"), row.text("symbol")});
  });
  report.hypercalls = reader.texts("hypercalls");
  report.startedModules = reader.texts("startedModules");
  report.unimplemented = reader.texts("unimplementedSystemCalls");
  report.virtualsKept = reader.texts("virtualFunctionsKeptBecause");
  report.features = reader.texts("cpuFeatures");
  reader.each("byteMap", [&](Reader &row) {
    report.byteMap.push_back({row.number("offset"), row.number("size"),
                              row.text("kind"), row.text("module"),
                              row.text("symbol")});
  });
  reader.each("unsupportedArguments", [&](Reader &row) {
    report.arguments.push_back({row.text("call"), row.text("what"),
                                row.optionalNumber("value"),
                                row.text("place")});
  });
  reader.each("erasedUses", [&](Reader &row) {
    report.erasedUses.push_back({row.text("name"), row.text("place")});
  });
  reader.each("segments", [&](Reader &row) {
    report.segments.push_back({row.number("address"), row.number("offset"),
                               row.number("fileSize"),
                               row.number("memorySize")});
  });
  reader.each("memory", [&](Reader &row) {
    report.memory.push_back({row.number("address"), row.number("size"),
                             row.text("permission"), row.text("purpose")});
  });
  const json::Object *modules = object->getObject("modules");
  const json::Object *graph = object->getObject("graph");
  if (reader.failed || !modules || !graph)
    return createStringError("is not a report");
  for (auto &[name, module] : *modules)
    if (const json::Object *row = module.getAsObject()) {
      if (std::optional<std::int64_t> bytes = row->getInteger("before"))
        report.before[name.str()] = *bytes;
      if (row->getBoolean("program").value_or(false))
        report.programModules.insert(name.str());
    }
  Expected<Explanation> explanation = readExplanation(*graph);
  if (!explanation)
    return explanation.takeError();
  report.explanation = std::move(*explanation);
  return report;
}

} // namespace ampoule::linker
