// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "commands.h"
#include "files.h"
#include "interrupt.h"
#include "progress.h"
#include "retention_plan.h"
#include "terminal.h"
#include "text.h"

namespace bailee::tool {
namespace {

struct PlanOptions {
  std::string out;
};
struct RunOptions {
  std::string plan;
  std::string confirm;
};

RetentionOptions Showing(Progress& progress, bool& stopped) {
  return {.progress = [&](uint64_t records) {
    progress.Show(records, records);
    stopped = Interrupted();
    return !stopped;
  }};
}

Status Plan(Context& context, const PlanOptions& options) {
  auto vault = context.OpenVault();
  if (!vault.ok()) return vault.status();
  const auto info = vault->Info();
  if (!info.ok()) return info.status();
  Progress progress(context.out(), "records", info->records);
  bool stopped = false;
  const auto plan = vault->PlanRetention(Showing(progress, stopped));
  if (!plan.ok()) {
    if (stopped) context.exit_override = 130;
    return plan.status();
  }
  const Json json = PlanJson(*plan);
  if (!options.out.empty()) {
    if (Status written = WriteNewFile(options.out, json.dump(1) + "\n"); !written.ok())
      return written;
  }
  Table table{{"category", "records", "over", "held"}, {}};
  for (const auto& each : plan->categories) {
    table.rows.push_back({each.id, std::to_string(each.records), std::to_string(each.over),
                          std::to_string(each.held)});
  }
  return context.out().Answer("retention-plan", json, table);
}

Status RunPlan(Context& context, const RunOptions& options) {
  const auto plan = ReadPlan(options.plan);
  if (!plan.ok()) return plan.status();
  auto vault = context.OpenVault();
  if (!vault.ok()) return vault.status();
  const std::string name = plan->vault.ToHex();
  uint64_t over = 0;
  for (const auto& each : plan->categories) over += each.over;
  const std::string what = fmt::format("about {} records that no purpose may use any longer", over);
  if (Status meant = Confirm(what, name, options.confirm); !meant.ok()) return meant;
  const auto info = vault->Info();
  if (!info.ok()) return info.status();
  Progress progress(context.out(), "records", info->records);
  bool stopped = false;
  const auto done = vault->RunRetention(*plan, Showing(progress, stopped));
  if (!done.ok()) return done.status();
  const Status answered = context.out().Answer("retention-run",
                                               {{"records", done->records},
                                                {"deleted", done->deleted},
                                                {"subjects", done->subjects},
                                                {"lookups", done->lookups},
                                                {"complete", done->complete}},
                                               {{},
                                                {{"looked at", std::to_string(done->records)},
                                                 {"deleted", std::to_string(done->deleted)},
                                                 {"subjects", std::to_string(done->subjects)},
                                                 {"lookups", std::to_string(done->lookups)}}});
  if (!answered.ok() || done->complete) return answered;
  context.exit_override = 130;
  return {Code::kPartial, "retention.stopped", "it was stopped before its end",
          "run the same plan again"};
}

}  // namespace

void AddRetention(Commands& commands) {
  CLI::App& retention = *commands.Group("retention", "what is over, and deleting it");
  auto plan = std::make_shared<PlanOptions>();
  CLI::App* command = commands.Add(
      retention,
      {"plan", "count what no purpose may use any longer; changes nothing",
       "bailee retention plan --keyring cred:upkeep --out plan.json",
       "Held records are counted and stay. Needs the upkeep keyring. What is over is refused\n"
       "already, to the day: deleting it only takes it out of the file."},
      [plan](Context& context) { return Plan(context, *plan); });
  command->add_option("--out", plan->out, "write the plan to this new file")->type_name("FILE");

  auto run = std::make_shared<RunOptions>();
  command = commands.Add(
      retention,
      {"run", "delete what a plan counted, as far as it is still over",
       "bailee retention run plan.json --keyring cred:upkeep --confirm "
       "6f1c0d5e0c2b4b6d9a1e0f3a2b4c5d6e",
       "The plan says which vault and which moment; each record is judged again. It can be\n"
       "interrupted and run again. Off a terminal it wants --confirm with the vault's id."},
      [run](Context& context) { return RunPlan(context, *run); });
  command->add_option("PLAN", run->plan, "what retention plan wrote")->required();
  command->add_option("--confirm", run->confirm, "the vault's id")->type_name("VAULT");
}

}  // namespace bailee::tool
