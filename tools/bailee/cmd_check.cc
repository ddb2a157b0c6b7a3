// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <optional>

#include "bailee/check.h"
#include "commands.h"
#include "interrupt.h"
#include "progress.h"
#include "text.h"

namespace bailee::tool {
namespace {

struct CheckArguments {
  std::string read_data;
  int slice = -1;
  std::string from;
  std::string auditor;
};

Status BadShare() {
  return {Code::kUsage, "usage.read-data", "that is no share of the records",
          "give --read-data=5%, or any percentage from 0.01% to 100%"};
}

// In how many slices the records are cut for a share: "5%" is one of 20.
Result<uint32_t> SlicesOf(const std::string& share) {
  if (share.empty()) return uint32_t{0};
  double percent = 0;
  const char* end = share.data() + share.size();
  const auto [rest, error] = std::from_chars(share.data(), end, percent);
  const std::string_view unit(rest, static_cast<size_t>(end - rest));
  if (error != std::errc() || (unit != "%" && !unit.empty())) return BadShare();
  if (!(percent >= 0.01 && percent <= 100)) return BadShare();
  return static_cast<uint32_t>(std::lround(100 / percent));
}

std::string_view WeightWord(CheckFinding::Weight weight) {
  if (weight == CheckFinding::Weight::kInformation) return "information";
  return weight == CheckFinding::Weight::kDamage ? "damage" : "note";
}

Json FindingJson(const CheckFinding& finding) {
  Json json = {{"type", "finding"},      {"weight", WeightWord(finding.weight)},
               {"kind", finding.kind},   {"table", finding.table},
               {"handle", nullptr},      {"category", finding.category},
               {"record", nullptr},      {"at", finding.at},
               {"means", finding.means}, {"hint", finding.hint}};
  if (finding.handle) json["handle"] = finding.handle->ToHex();
  if (finding.record) json["record"] = finding.record->ToHex();
  return json;
}

std::vector<std::string> CellsOf(const CheckFinding& finding) {
  std::string where = finding.table;
  if (finding.handle) where += " " + finding.handle->ToHex();
  if (!finding.category.empty()) where += " " + finding.category;
  if (finding.record) where += " " + finding.record->ToHex();
  if (!finding.at.empty()) where += " " + finding.at;
  return {std::string(WeightWord(finding.weight)), finding.kind, where, finding.means,
          finding.hint};
}

Json ReportJson(const CheckReport& report) {
  Json tables = Json::object();
  for (const CheckedTable& each : report.tables) {
    tables[each.name] = {{"rows", each.rows},
                         {"good", each.good},
                         {"damaged", each.damaged},
                         {"unsure", each.unsure}};
  }
  Json json = {{"type", "summary"},
               {"vault_id", nullptr},
               {"decision", nullptr},
               {"verdict", CodeWord(report.ToStatus().code())},
               {"opened", report.opened},
               {"damages", report.damages},
               {"notes", report.notes},
               {"tables", tables},
               {"slices", report.slices},
               {"slice", report.slice},
               {"records_read", report.records_read},
               {"compartments_closed", report.compartments_closed},
               {"wraps_opened", report.wraps_opened},
               {"wraps_closed", report.wraps_closed},
               {"events_read", report.events_read},
               {"events_passes", report.events_passes},
               {"next", report.next}};
  if (report.vault) json["vault_id"] = report.vault->ToHex();
  if (report.decision) json["decision"] = report.decision->ToText();
  return json;
}

Table TableOf(const CheckReport& report) {
  Table table{{"table", "rows", "good", "damaged", "unsure"}, {}};
  for (const CheckedTable& each : report.tables) {
    table.rows.push_back({each.name, std::to_string(each.rows), std::to_string(each.good),
                          std::to_string(each.damaged), std::to_string(each.unsure)});
  }
  if (report.slices > 0) {
    table.rows.push_back(
        {"read", fmt::format("{} records", report.records_read),
         fmt::format("slice {} of {}", report.slice, report.slices),
         fmt::format("{} compartments closed to this keyring", report.compartments_closed), ""});
  }
  if (report.events_read > 0) {
    table.rows.push_back({"events", fmt::format("{} of writes", report.events_read),
                          fmt::format("read in {} passes", report.events_passes), "", ""});
  }
  table.rows.push_back({"found", fmt::format("{} damaged", report.damages),
                        fmt::format("{} notes", report.notes), report.next, ""});
  return table;
}

Status RunCheck(Context& context, const CheckArguments& arguments) {
  (void)Interrupted();  // listens from now on
  const auto slices = SlicesOf(arguments.read_data);
  if (!slices.ok()) return slices.status();
  auto keyring = context.NamedKeyring();
  if (!keyring.ok()) return keyring.status();
  std::optional<Keyring> auditor;
  if (!arguments.auditor.empty()) {
    auto loaded = context.LoadKeyring(arguments.auditor);
    if (!loaded.ok()) return loaded.status();
    auditor.emplace(*std::move(loaded));
  }
  std::optional<Progress> progress;
  bailee::CheckOptions options{.epoch_path = context.globals.epoch,
                               .slices = *slices,
                               .from = arguments.from,
                               .auditor = auditor ? &*auditor : nullptr};
  if (arguments.slice >= 0) options.slice = static_cast<uint32_t>(arguments.slice);
  options.visit = [&](const CheckFinding& finding) {
    context.out().StreamLine(FindingJson(finding), CellsOf(finding));
  };
  options.progress = [&](uint64_t rows, uint64_t all) {
    if (!progress) progress.emplace(context.out(), "rows", all);
    progress->Show(rows, rows);
    return !Interrupted();
  };
  const auto report = Check(context.globals.vault, *std::move(keyring), options);
  progress.reset();
  if (!report.ok()) return report.status();
  const Status answered = context.out().Answer("check", ReportJson(*report), TableOf(*report));
  return answered.ok() ? report->ToStatus() : answered;
}

}  // namespace

void AddCheck(Commands& commands) {
  auto arguments = std::make_shared<CheckArguments>();
  CLI::App* command = commands.Add(
      commands.root(),
      {"check", "look at every row, the pages below and the trail above: is anything damaged?",
       "bailee check --keyring cred:acme\n"
       "bailee check --keyring cred:rights --read-data=5% --json\n"
       "bailee check --keyring cred:acme --auditor cred:auditor\n"
       "bailee check --keyring cred:acme --from 3f9a…",
       "Any keyring that opens the vault will do; the purposes it has are tried on their wraps, "
       "and\n"
       "with --read-data on values: one slice of the records, a random one unless --slice names "
       "it,\n"
       "so that 20 runs with 5% and the slices 0 to 19 read everything. With the auditor's "
       "keyring\n"
       "rows are held to the events of the trail: what was put back as it was, or taken away "
       "whole, is\n"
       "found by that alone. Changes nothing and is\n"
       "recorded. With --json: a line for each finding, then a summary. Exits 0; 4 if nothing is\n"
       "damaged but something is odd; 13 for damage, with what is still good; 5 if it was "
       "stopped:\n"
       "the answer's `next` is for --from."},
      [arguments](Context& context) { return RunCheck(context, *arguments); });
  command
      ->add_option("--read-data", arguments->read_data,
                   "read this share of the records, too: 5% or 100%")
      ->type_name("SHARE");
  command
      ->add_option("--slice", arguments->slice, "which slice: with 5% from 0 to 19, else at random")
      ->check(CLI::NonNegativeNumber)
      ->type_name("NUMBER");
  command
      ->add_option("--auditor", arguments->auditor,
                   "the auditor's keyring: hold rows to the events")
      ->type_name("SOURCE");
  command->add_option("--from", arguments->from, "go on where a check was stopped")
      ->type_name("PLACE");
}

}  // namespace bailee::tool
