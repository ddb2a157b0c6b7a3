// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "commands.h"
#include "csv.h"
#include "interrupt.h"
#include "progress.h"
#include "ropa.h"
#include "text.h"

namespace bailee::tool {
namespace {

struct RopaOptions {
  std::string policy;
  bool csv = false;
};

struct BreachToolOptions {
  std::string keyring;
  bool handles = false;
};

std::string CsvOf(const std::vector<Activity>& activities) {
  std::string text = CsvLine(ActivityColumns());
  for (const Activity& activity : activities) text += CsvLine(ActivityCells(activity));
  return text;
}

Status Ropa(Context& context, const RopaOptions& options) {
  if (options.csv && context.out().json()) {
    return {Code::kUsage, "usage.csv", "--csv and --json are two answers to one question",
            "leave one of them out"};
  }
  const auto document = context.LoadPolicy(options.policy);
  if (!document.ok()) return document.status();
  const PolicyDescription& policy = document->Describe();
  const std::vector<Activity> activities = ActivitiesOf(policy);
  if (options.csv) return context.out().Text("ropa", CsvOf(activities));
  Table table{{"for", "purpose", "category", "basis", "recipients", "retention", "clauses"}, {}};
  Json list = Json::array();
  for (const Activity& each : activities) {
    list.push_back(ActivityJson(each));
    table.rows.push_back({each.controller, each.purpose, each.category, Join(each.basis),
                          Join(each.recipients), each.retention, Join(each.clauses, " ")});
  }
  Json recipients = Json::array();
  for (const auto& each : policy.recipients) {
    recipients.push_back({{"id", each.id},
                          {"role", each.role},
                          {"agreement", each.agreement},
                          {"says", each.says},
                          {"clause", each.clause}});
  }
  return context.out().Answer("ropa",
                              {{"policy", {{"name", policy.name}, {"version", policy.version}}},
                               {"effective", FormatDay(policy.effective)},
                               {"activities", std::move(list)},
                               {"recipients", std::move(recipients)},
                               {"missing",
                                {"controller_name_and_contact", "representative",
                                 "data_protection_officer", "third_country_transfers"}}},
                              table);
}

Json CategoryJson(const BreachScope::Category& category, Table& table) {
  Json uses = Json::array();
  for (const BreachScope::Use& use : category.uses) {
    Json fields = Json::array();
    std::vector<std::string> names;
    for (const auto& field : use.fields) {
      fields.push_back({{"name", field.name}, {"records", field.records}});
      names.push_back(field.name);
    }
    uses.push_back({{"purpose", use.purpose},
                    {"subjects", use.subjects},
                    {"records", use.records},
                    {"fields", std::move(fields)}});
    table.rows.push_back({category.id, use.purpose, std::to_string(use.subjects),
                          std::to_string(use.records), Join(names)});
  }
  return {{"category", category.id},
          {"subjects", category.subjects},
          {"records", category.records},
          {"purposes", std::move(uses)}};
}

Json ScopeJson(const Keyring::Description& leaked, const BreachScope& scope, Table& table) {
  Json categories = Json::array();
  for (const auto& each : scope.categories) categories.push_back(CategoryJson(each, table));
  Json lookups = Json::array();
  for (const auto& each : scope.lookups) {
    lookups.push_back({{"lookup", each.name}, {"rows", each.rows}});
    table.rows.push_back({"lookup", each.name, "", std::to_string(each.rows), ""});
  }
  for (const std::string& role : scope.roles) table.rows.push_back({"role", role, "", "", ""});
  return {{"keyring_id", leaked.keyring_id},
          {"actor", leaked.actor},
          {"issued_at", FormatTime(leaked.issued_at)},
          {"storage", scope.storage},
          {"refs_and_ledgers", scope.storage ? scope.subjects_all : 0},
          {"subjects_all", scope.subjects_all},
          {"subjects", scope.subjects},
          {"records", scope.records},
          {"damaged", scope.damaged},
          {"categories", std::move(categories)},
          {"lookups", std::move(lookups)},
          {"roles", scope.roles},
          {"decision", scope.decision.ToText()}};
}

Result<BreachScope> CountBreached(Context& context, Vault& vault,
                                  const Keyring::Description& leaked, bool handles) {
  const auto info = vault.Info();
  if (!info.ok()) return info.status();
  Progress progress(context.out(), "subjects", info->subjects);
  BreachOptions options;
  options.progress = [&](uint64_t subjects) {
    progress.Show(subjects, subjects);
    return !Interrupted();
  };
  if (handles) {
    options.visit = [&](const BreachedSubject& subject) {
      context.out().StreamLine(
          {{"handle", subject.handle.ToHex()},
           {"records", subject.records},
           {"categories", subject.categories}},
          {subject.handle.ToHex(), std::to_string(subject.records), Join(subject.categories)});
      return !Interrupted();
    };
  }
  return vault.ScopeOfBreach(leaked, options);
}

Status Breach(Context& context, const BreachToolOptions& options) {
  const auto source = KeySource::Parse(options.keyring);
  if (!source.ok()) return source.status();
  const auto leaked = Keyring::Inspect(*source);
  if (!leaked.ok()) return leaked.status();
  (void)Interrupted();
  auto vault = context.OpenVault();
  if (!vault.ok()) return vault.status();
  const auto scope = CountBreached(context, *vault, *leaked, options.handles);
  if (!scope.ok()) {
    if (Interrupted()) context.exit_override = 130;
    return scope.status();
  }
  Table table{{"category", "purpose", "subjects", "records", "fields"}, {}};
  Json json = ScopeJson(*leaked, *scope, table);
  context.out().Note(
      scope->storage
          ? fmt::format("whoever has it and the vault's files reads the refs and ledgers of all {}",
                        scope->subjects_all)
          : "it opens this only together with a keyring that has the storage key");
  if (scope->damaged > 0)
    context.out().Note(fmt::format("{} rows are damaged and not counted", scope->damaged));
  return context.out().Answer("breach-scope", std::move(json), table);
}

}  // namespace

void AddAccountability(Commands& commands) {
  auto ropa = std::make_shared<RopaOptions>();
  CLI::App* command = commands.Add(
      commands.root(),
      {"ropa", "the record of processing activities (GDPR Art. 30) that the policy amounts to",
       "bailee ropa --policy acme.policy.textproto --csv > ropa.csv\n"
       "bailee ropa --vault /var/lib/acme/vault --keyring rights.keyring --json",
       "One line for each purpose and category, and for each controller it is held for. What a\n"
       "policy does not say, such as who the controller is, is listed under `missing` in --json."},
      [ropa](Context& context) { return Ropa(context, *ropa); });
  command->add_option("--policy", ropa->policy, "of this file; default: the one in force")
      ->type_name("FILE");
  command->add_flag("--csv", ropa->csv, "as CSV (RFC 4180)");

  auto breach = std::make_shared<BreachToolOptions>();
  command = commands.Add(
      commands.root(),
      {"breach-scope", "which subjects, fields and purposes a leaked keyring could open",
       "bailee breach-scope leaked.keyring --keyring rights.keyring --json\n"
       "bailee breach-scope leaked.keyring --handles --json > concerned.jsonl",
       "Reads what the file says of itself; its keys and passphrase are not needed. Counts the\n"
       "wraps that exist now: an earlier copy of the vault may have more. Needs the rights "
       "keyring."},
      [breach](Context& context) { return Breach(context, *breach); });
  command->add_option("SOURCE", breach->keyring, "the leaked keyring: a file")->required();
  command->add_flag("--handles", breach->handles, "list the handles of those concerned, too");
}

}  // namespace bailee::tool
