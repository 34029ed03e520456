// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/Configuration.h"
#include "tools/ReportFile.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"

using namespace llvm;
using namespace ampoule::linker;

namespace ampoule::tools {

constexpr unsigned kColumn = 22;

std::optional<Report> findReport(StringRef image) {
  if (!sys::fs::exists(image + kReportSuffix))
    return std::nullopt;
  Expected<Report> report = openReport(image);
  if (report)
    return std::move(*report);
  errs() << "ampoule: warning: " << toString(report.takeError()) << '\n';
  return std::nullopt;
}

Error checkParameter(StringRef assignment,
                     const std::optional<Report> &report) {
  if (!assignment.contains('='))
    return createStringError("expected NAME=VALUE");
  if (!report)
    return Error::success();
  auto [name, value] = assignment.split('=');
  std::vector<StringRef> names;
  for (const Parameter &parameter : report->parameters) {
    if (parameter.state == Parameter::AtBoot)
      names.push_back(parameter.name);
    if (parameter.name != name)
      continue;
    auto refuse = [&](const Twine &why) {
      return createStringError(why + "\n>>> declared by " + parameter.place);
    };
    if (parameter.state == Parameter::Settled)
      return refuse("it was settled by the link, as " + parameter.initial);
    if (parameter.state == Parameter::Unread)
      return refuse("no code in the image reads it");
    if (Expected<std::uint64_t> number = parseValue(parameter, value); !number)
      return refuse(toString(number.takeError()));
    return Error::success();
  }
  return unknownParameter(name, names);
}

void printParameters(ArrayRef<Parameter> parameters, StringRef indent,
                     raw_ostream &os) {
  for (const Parameter &parameter : parameters) {
    os << indent
       << left_justify((parameter.name + " = " + parameter.initial),
                       kColumn - 1)
       << ' ';
    if (parameter.state == Parameter::AtBoot)
      os << showType(parameter);
    else
      os << (parameter.state == Parameter::Settled
                 ? "settled by the link"
                 : "not in the image: nothing reads it");
    if (!parameter.place.empty())
      os << ", at " << parameter.place;
    os << '\n' << indent << std::string(kColumn, ' ') << parameter.help << '\n';
  }
}

void printSettings(const Report &report, StringRef indent, raw_ostream &os) {
  for (SettingId id : kSettingIds) {
    const Setting &setting = report.settings[id];
    if ((id == SettingId::Disks || id == SettingId::Mount) &&
        !setting.isStated())
      continue; // there are none
    os << indent << left_justify(infoOf(id).name, 11) << ' '
       << left_justify(showValue(id, setting), kColumn - 13) << ' '
       << (setting.isStated() ? setting.place : "default")
       << (setting.isAtBoot ? ", may be given at boot" : "") << '\n';
  }
  if (report.seed)
    os << indent << left_justify("seed", 11) << ' ' << *report.seed << '\n';
  for (const ReportedEmbed &embed : report.embeds)
    os << indent << left_justify("embed", 11) << ' ' << embed.folder << " at "
       << embed.mount << ", " << embed.place << '\n';
  if (!report.files)
    return;
  os << indent << left_justify("files", 11) << ' ';
  if (report.filesKept != report.files)
    os << report.filesKept << " of " << report.files
       << ": the program can name no others\n";
  else if (report.filesKeptFor.empty())
    os << "all " << report.files << '\n';
  else
    os << "all " << report.files << ", for a path that is made at "
       << report.filesKeptFor << '\n';
}

} // namespace ampoule::tools
