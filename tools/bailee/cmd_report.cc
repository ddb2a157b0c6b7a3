// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "bailee/report.h"
#include "commands.h"
#include "interrupt.h"
#include "progress.h"
#include "text.h"
#include "when.h"

namespace bailee::tool {
namespace {

struct ReportOptions {
  std::string id;
  std::string from;
  std::string until;
  std::string recipient;
  bool csv = false;
};

Status ListReports(Context& context) {
  auto vault = context.OpenVault();
  if (!vault.ok()) return vault.status();
  const auto reports = vault->Reports();
  if (!reports.ok()) return reports.status();
  Table table{{"report", "counts", "by", "bucket", "from", "purpose", "recipients", "clause"}, {}};
  Json list = Json::array();
  for (const ReportDescription& each : *reports) {
    table.rows.push_back({each.id, each.counts + " of " + each.category, Join(each.by), each.bucket,
                          fmt::format("{} subjects", each.min_subjects), each.purpose,
                          Join(each.recipients), each.clause});
    list.push_back({{"id", each.id},
                    {"category", each.category},
                    {"counts", each.counts},
                    {"by", each.by},
                    {"bucket", each.bucket},
                    {"of", each.of},
                    {"min_subjects", each.min_subjects},
                    {"purpose", each.purpose},
                    {"recipients", each.recipients},
                    {"feed", each.feed},
                    {"clause", each.clause}});
  }
  return context.out().Answer("report-list", {{"reports", list}}, table);
}

Status Disregards(Context& context) {
  auto vault = context.OpenVault();
  if (!vault.ok()) return vault.status();
  const auto counted = vault->Disregards();
  if (!counted.ok()) return counted.status();
  Table table{{"why", "what", "count"}, {}};
  Json list = Json::array();
  for (const Disregarded& each : *counted) {
    table.rows.push_back({each.why, each.what, std::to_string(each.count)});
    list.push_back({{"why", each.why}, {"what", each.what}, {"count", each.count}});
  }
  return context.out().Answer("report-disregarded", {{"counters", list}}, table);
}

// RFC 4180. What a spreadsheet would take for a formula gets an apostrophe before it.
std::string CsvCell(const std::string& text) {
  const bool formula =
      !text.empty() && std::string_view("=+-@\t\r").find(text.front()) != std::string_view::npos;
  std::string cell = "\"";
  if (formula) cell += '\'';
  for (const char c : text) {
    if (c == '"') cell += '"';
    cell += c;
  }
  return cell + '"';
}

// One line for each cell, and one for what is too small in each bucket.
std::string CsvOf(const ReportResult& report) {
  std::string text = "\"from\",\"until\"";
  if (!report.buckets.empty()) {
    for (const std::string& name : report.buckets.front().by) text += "," + CsvCell(name);
  }
  text += ",\"count\",\"state\"\r\n";
  for (const ReportCells& bucket : report.buckets) {
    const std::string window =
        CsvCell(FormatDay(bucket.from)) + "," + CsvCell(FormatDay(bucket.until));
    for (const ReportCell& cell : bucket.cells) {
      text += window;
      for (const std::string& key : cell.keys) text += "," + CsvCell(key);
      text += fmt::format(",{},\"\"\r\n", cell.count);
    }
    if (bucket.by.empty() && !bucket.cells.empty()) continue;
    text += window;
    for (size_t i = 0; i < bucket.by.size(); ++i) text += ",\"\"";
    text += fmt::format(",\"fewer than {}\",\"{}\"\r\n", bucket.fewer_than,
                        ReasonWord(Reason::kGroupTooSmall));
  }
  return text;
}

Json BucketJson(const ReportCells& bucket) {
  Json cells = Json::array();
  for (const ReportCell& cell : bucket.cells) {
    cells.push_back({{"keys", cell.keys}, {"count", cell.count}});
  }
  return {{"from", FormatDay(bucket.from)},
          {"until", FormatDay(bucket.until)},
          {"computed_at", FormatTime(bucket.computed_at)},
          {"policy_version", bucket.policy_version},
          {"min_subjects", bucket.min_subjects},
          {"counts", bucket.counts_records ? "RECORDS" : "SUBJECTS"},
          {"by", bucket.by},
          {"cells", cells},
          {"others",
           {{"state", ReasonWord(Reason::kGroupTooSmall)}, {"fewer_than", bucket.fewer_than}}}};
}

Table TableOf(const ReportResult& report) {
  Table table{{"from", "cell", "count"}, {}};
  for (const ReportCells& bucket : report.buckets) {
    const std::string day = FormatDay(bucket.from);
    for (const ReportCell& cell : bucket.cells) {
      table.rows.push_back(
          {day, cell.keys.empty() ? "all" : Join(cell.keys), fmt::format("about {}", cell.count)});
    }
    if (bucket.by.empty() && !bucket.cells.empty()) continue;
    table.rows.push_back({day, bucket.by.empty() ? "all" : "any other",
                          fmt::format("fewer than {} (group-too-small)", bucket.fewer_than)});
  }
  return table;
}

Status ShowReport(Context& context, const ReportOptions& options) {
  const Timestamp now = Clock::System().Now();
  const auto from = ParseWhen(options.from, now);
  if (!from.ok()) return from.status();
  const auto until = ParseWhen(options.until, now);
  if (!until.ok()) return until.status();
  if (options.csv && context.out().json()) {
    return {Code::kUsage, "usage.csv", "--csv and --json are two answers to one question",
            "leave out one of them"};
  }
  auto vault = context.OpenVault();
  if (!vault.ok()) return vault.status();
  Interrupted();  // from here on it listens
  std::optional<Progress> progress;
  const auto report =
      vault->Report({.id = options.id,
                     .from = *from,
                     .until = *until,
                     .recipient = options.recipient,
                     .progress = [&](const ReportProgress& at) {
                       if (!progress) progress.emplace(context.out(), "records", at.records_total);
                       progress->Show(at.records_seen, at.records_seen);
                       return !Interrupted();
                     }});
  progress.reset();
  if (!report.ok()) return report.status();
  if (options.csv) return context.out().Text("report-show", CsvOf(*report));
  Json buckets = Json::array();
  for (const ReportCells& bucket : report->buckets) buckets.push_back(BucketJson(bucket));
  return context.out().Answer("report-show",
                              {{"report", report->id},
                               {"recipient", report->recipient},
                               {"policy_version", report->policy_version},
                               {"decision", report->decision.ToText()},
                               {"buckets", buckets}},
                              TableOf(*report));
}

}  // namespace

void AddReport(Commands& commands) {
  CLI::App& report = *commands.Group("report", "aggregates, as the policy declares them");
  commands.Add(report,
               {"list", "the reports that the policy declares",
                "bailee report list --vault /var/lib/acme/vault --keyring cred:acme"},
               [](Context& context) { return ListReports(context); });
  commands.Add(report,
               {"disregarded", "how much was collected and not taken: counted, and nothing kept",
                "bailee report disregarded --vault /var/lib/acme/vault --keyring cred:acme"},
               [](Context& context) { return Disregards(context); });
  auto options = std::make_shared<ReportOptions>();
  CLI::App* command = commands.Add(
      report,
      {"show", "the cells of a report, for one of its recipients",
       "bailee report show sessions_by_region_day --from 2016-08-01 --until 2016-08-08 "
       "--recipient public --vault /var/lib/acme/vault --keyring file:tally.keyring\n"
       "bailee report show sessions_by_region_day --from 7d --until 1d --recipient public --csv",
       "Cells are computed once, on the first ask after their bucket ended, and never change.\n"
       "Counts are near the truth and never it; cells of few people are not shown, and whether\n"
       "there are any is not told. Stopped with Ctrl-C it keeps the buckets it finished."},
      [options](Context& context) { return ShowReport(context, *options); });
  command->add_option("REPORT", options->id, "its id")->required();
  command->add_option("--from", options->from, "the first bucket is the one this lies in")
      ->required()
      ->type_name("WHEN");
  command->add_option("--until", options->until, "the last bucket begins before this")
      ->required()
      ->type_name("WHEN");
  command->add_option("--recipient", options->recipient, "who is going to have it")
      ->required()
      ->type_name("RECIPIENT");
  command->add_flag("--csv", options->csv, "as CSV (RFC 4180)");
}

}  // namespace bailee::tool
