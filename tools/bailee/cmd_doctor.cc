// SPDX-License-Identifier: Apache-2.0
#include "bailee/doctor.h"
#include "commands.h"

namespace bailee::tool {
namespace {

std::string_view VerdictWord(DoctorPoint::Verdict verdict) {
  switch (verdict) {
    case DoctorPoint::Verdict::kOk:
      return "ok";
    case DoctorPoint::Verdict::kWarning:
      return "warning";
    case DoctorPoint::Verdict::kProblem:
      return "problem";
  }
  return "";
}

Status RunDoctor(Context& context, const std::vector<std::string>& keyrings) {
  DoctorOptions options{.directory = context.globals.vault,
                        .epoch_path = context.globals.epoch,
                        .keyrings = keyrings};
  if (!context.globals.keyring.empty()) {
    const auto source = KeySource::Parse(context.globals.keyring);
    if (!source.ok()) return source.status();
    // Of another source nothing can be seen without taking it.
    if (source->kind() == KeySource::Kind::kFile) options.keyrings.push_back(source->target());
  }
  const auto points = Diagnose(options);
  if (!points.ok()) return points.status();
  const Status status = DoctorStatus(*points);
  Json list = Json::array();
  Table table{{"", "what", "found", "means", "hint"}, {}};
  for (const DoctorPoint& each : *points) {
    list.push_back({{"verdict", VerdictWord(each.verdict)},
                    {"name", each.name},
                    {"found", each.found},
                    {"means", each.means},
                    {"hint", each.hint}});
    table.rows.push_back(
        {std::string(VerdictWord(each.verdict)), each.name, each.found, each.means, each.hint});
  }
  const Status answered = context.out().Answer(
      "doctor",
      {{"vault", options.directory}, {"verdict", status.ok() ? "ok" : "problem"}, {"points", list}},
      table);
  return answered.ok() ? status : answered;
}

}  // namespace

void AddDoctor(Commands& commands) {
  auto keyrings = std::make_shared<std::vector<std::string>>();
  CLI::App* command = commands.Add(
      commands.root(),
      {"doctor",
       "is this machine fit for it: memory, dumps, swap, clock, files, file systems, keys",
       "bailee doctor\n"
       "bailee doctor --vault /var/lib/acme/vault --keyring acme.keyring --json",
       "Needs neither vault nor keyring; with them it looks at the files, too. Opens nothing that\n"
       "is sealed and records nothing. Exits 4 if something is a problem; warnings are for you to\n"
       "weigh."},
      [keyrings](Context& context) { return RunDoctor(context, *keyrings); });
  command->add_option("--also", *keyrings, "more keyring files to look at")->type_name("FILE");
}

}  // namespace bailee::tool
