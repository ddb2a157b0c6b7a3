// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <map>
#include <optional>
#include <set>

#include "commands.h"
#include "interrupt.h"
#include "progress.h"
#include "text.h"
#include "when.h"

namespace bailee::tool {
namespace {

struct ReviewArguments {
  int32_t unconfirmed_days = 365;
  std::string auditor;
  std::string since = "365d";
};

using Used = std::set<std::pair<std::string, std::string>>;  // category and field

// The fields that somebody may read and nobody did.
std::vector<std::string> NeverUsed(const PolicyDescription::Category& category, const Used& used) {
  std::vector<std::string> never;
  for (const auto& field : category.fields) {
    if (!field.readers.empty() && !used.contains({category.id, field.name}))
      never.push_back(field.name);
  }
  return never;
}

Result<Reviewed> LookAtRecords(Context& context, const ReviewArguments& arguments,
                               std::optional<PolicyDocument>& policy) {
  auto vault = context.OpenVault();
  if (!vault.ok()) return vault.status();
  const auto info = vault->Info();
  if (!info.ok()) return info.status();
  const auto bytes = vault->PolicyInForce();
  if (!bytes.ok()) return bytes.status();
  auto document = PolicyDocument::FromBinary(*bytes);
  if (!document.ok()) return document.status();
  policy = *std::move(document);
  Progress progress(context.out(), "subjects", info->subjects);
  return vault->Review(
      {.unconfirmed_days = arguments.unconfirmed_days, .progress = [&](uint64_t subjects) {
         progress.Show(subjects, subjects);
         return !Interrupted();
       }});
}

// Once the vault is closed: a process has one open at a time.
Result<Used> LookAtTrail(Context& context, const ReviewArguments& arguments, Timestamp since) {
  auto keyring = context.LoadKeyring(arguments.auditor);
  if (!keyring.ok()) return keyring.status();
  auto trail = AuditTrail::Open(context.globals.vault, *std::move(keyring));
  if (!trail.ok()) return trail.status();
  const auto uses = trail->FieldUses(since);
  if (!uses.ok()) return uses.status();
  Used used;
  for (const FieldUse& each : *uses) used.emplace(each.category, each.field);
  return used;
}

std::string Joined(const std::vector<std::string>& texts) {
  return texts.empty() ? "-" : fmt::format("{}", fmt::join(texts, ","));
}

// What is said of one category; `declared` is null for one that the policy no longer has, `used`
// without the auditor.
Json CategoryJson(const CategoryReview& review, const PolicyDescription::Category* declared,
                  const Used* used) {
  Json json = {{"category", review.category},
               {"records", review.records},
               {"oldest", review.oldest ? FormatTime(*review.oldest) : std::string()},
               {"unconfirmed", review.unconfirmed},
               {"overdue", review.overdue},
               {"overdue_held", review.overdue_held},
               {"unused", review.unused}};
  if (used != nullptr && declared != nullptr) json["never_read"] = NeverUsed(*declared, *used);
  return json;
}

std::vector<std::string> RowOf(const Json& category) {
  const auto number = [&](const char* name) {
    return std::to_string(category[name].get<uint64_t>());
  };
  const auto names = [&](const char* name) {
    return category.contains(name) ? Joined(category[name].get<std::vector<std::string>>()) : "?";
  };
  const auto oldest = category["oldest"].get<std::string>();
  return {category["category"],  number("records"), oldest.empty() ? "-" : oldest,
          number("unconfirmed"), number("overdue"), names("unused"),
          names("never_read")};
}

Status AnswerReview(Context& context, const ReviewArguments& arguments, const Reviewed& reviewed,
                    const PolicyDescription& policy, const Used* used) {
  std::map<std::string, CategoryReview> categories;
  for (const auto& declared : policy.categories) categories[declared.id].category = declared.id;
  for (const CategoryReview& each : reviewed.categories) categories[each.category] = each;
  Table table{{"category", "records", "oldest", "unconfirmed", "overdue", "unused", "never read"},
              {}};
  Json list = Json::array();
  for (const auto& [name, review] : categories) {
    list.push_back(CategoryJson(review, policy.FindCategory(name), used));
    table.rows.push_back(RowOf(list.back()));
  }
  return context.out().Answer("review",
                              {{"at", FormatTime(reviewed.at)},
                               {"subjects", reviewed.subjects},
                               {"damaged", reviewed.damaged},
                               {"complete", reviewed.complete},
                               {"unconfirmed_days", arguments.unconfirmed_days},
                               {"categories", list}},
                              table);
}

Status Review(Context& context, const ReviewArguments& arguments) {
  const auto since = ParseWhen(arguments.since, Clock::System().Now());
  if (!since.ok()) return since.status();
  std::optional<PolicyDocument> policy;
  const auto reviewed = LookAtRecords(context, arguments, policy);
  if (!reviewed.ok()) return reviewed.status();
  std::optional<Used> used;
  if (!arguments.auditor.empty()) {
    auto looked = LookAtTrail(context, arguments, *since);
    if (!looked.ok()) return looked.status();
    used = *std::move(looked);
  }
  const Status answered =
      AnswerReview(context, arguments, *reviewed, policy->Describe(), used ? &*used : nullptr);
  if (!answered.ok() || reviewed->complete) return answered;
  context.exit_override = 130;
  return {Code::kPartial, "review.stopped", "it was stopped before its end", "run it again"};
}

}  // namespace

void AddReview(Commands& commands) {
  auto arguments = std::make_shared<ReviewArguments>();
  CLI::App* command = commands.Add(
      commands.root(),
      {"review", "what is held and perhaps need not be, or is no longer right",
       "bailee review --keyring cred:upkeep --unconfirmed-days 180 --json\n"
       "bailee review --keyring cred:upkeep --auditor cred:auditor --since 365d",
       "For each category: how many records nobody confirmed for so long (collected them or put\n"
       "them right), how many are past every retention and still there, and which fields the\n"
       "policy lets nobody use any longer. With the auditor's keyring also which fields nobody\n"
       "read since then. Counts alone: no data is opened. Needs the upkeep keyring."},
      [arguments](Context& context) { return Review(context, *arguments); });
  command
      ->add_option("--unconfirmed-days", arguments->unconfirmed_days,
                   "after how many days a record is to be confirmed")
      ->capture_default_str();
  command->add_option("--auditor", arguments->auditor, "the auditor's keyring: who read what")
      ->type_name("SOURCE");
  command->add_option("--since", arguments->since, "with --auditor: a day, a time or how long ago")
      ->type_name("WHEN")
      ->capture_default_str();
}

}  // namespace bailee::tool
