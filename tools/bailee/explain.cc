// SPDX-License-Identifier: Apache-2.0
#include "explain.h"

#include <fmt/format.h>

#include <optional>
#include <vector>

#include "text.h"
#include "trail_text.h"

namespace bailee::tool {
namespace {

void Add(Table& table, const char* name, std::string text, std::string more = {}) {
  if (text.empty() && more.empty()) return;
  table.rows.push_back({name, std::move(text), std::move(more)});
}

// What the policy alone says today of a request of the past: rule and clause are those of the
// version, whatever was known of the person then.
Json RulesJson(const PolicyDocument& policy, const TrailEntry& entry, Table& table) {
  Json list = Json::array();
  for (const std::string& field : entry.fields) {
    const Status decided = policy.Decide({.purpose = entry.purpose,
                                          .category = entry.category,
                                          .field = field,
                                          .on_behalf_of = entry.on_behalf_of,
                                          .case_reference = entry.case_reference,
                                          .now = entry.at});
    const Refusal* refusal = decided.refusal();
    if (refusal == nullptr) {
      const auto* category = policy.Describe().FindCategory(entry.category);
      const auto* known =
          category == nullptr ? nullptr : PolicyDescription::FindField(*category, field);
      for (const auto& reader : known == nullptr ? decltype(known->readers)() : known->readers) {
        if (reader.purpose != entry.purpose) continue;
        Add(table, "rule", reader.rule, reader.clause);
        list.push_back(
            {{"field", field}, {"rule", reader.rule}, {"clause", reader.clause}, {"offer", ""}});
      }
      continue;
    }
    Add(table, "rule", refusal->rule, refusal->clause);
    Add(table, "so", refusal->offer);
    list.push_back({{"field", field},
                    {"rule", refusal->rule},
                    {"clause", refusal->clause},
                    {"offer", refusal->offer}});
  }
  return list;
}

// The policy of that time: the file that was named, if it is that version.
Result<std::optional<PolicyDocument>> PolicyOfThen(const TrailEntry& entry,
                                                   const std::string& file) {
  if (file.empty()) return std::optional<PolicyDocument>();
  auto policy = ReadPolicyFile(file);
  if (!policy.ok()) return policy.status();
  const uint32_t version = policy->Describe().version;
  if (version == entry.policy_version) return std::optional(*std::move(policy));
  return Status(Code::kInvalidValue, "explain.other-version",
                fmt::format("the policy file is version {}, the decision was made by {}", version,
                            entry.policy_version),
                "name the file of that version");
}

void DescribeEvent(const TrailEntry& entry, Table& table) {
  Add(table, entry.outcome.c_str(), FormatTime(entry.at), entry.kind);
  Add(table, "actor", entry.actor, "keyring " + entry.keyring);
  Add(table, "where", entry.host,
      fmt::format("{}, process {}, user {}", entry.program, entry.pid, entry.uid));
  Add(table, "purpose", entry.purpose);
  Add(table, "on behalf of", entry.on_behalf_of);
  Add(table, "what", TargetOf(entry));
  Add(table, "case", entry.case_reference);
  Add(table, "recipient", entry.recipient, entry.ground);
  if (entry.handle != Handle()) Add(table, "handle", entry.handle.ToHex());
  for (const TrailEntry::About& about : entry.records) {
    Add(table, "record", about.record.ToHex(),
        fmt::format("{} of {}, terms {}", about.category, about.handle.ToHex(), about.terms));
  }
  for (const Reason reason : entry.reasons) {
    Add(table, "why", std::string(ReasonWord(reason)), std::string(ReasonSentence(reason)));
  }
  for (const auto& [name, text] : entry.details) table.rows.push_back({name, text, ""});
  if (entry.repeats > 0) Add(table, "repeated", fmt::format("{} times more", entry.repeats));
}

}  // namespace

Status ExplainDecision(Context& context, const std::string& decision,
                       const std::string& policy_file) {
  const auto id = DecisionId::FromText(decision);
  if (!id.ok()) return id.status();
  auto trail = context.OpenTrail();
  if (!trail.ok()) return trail.status();
  const auto entry = trail->Find(*id);
  if (!entry.ok()) return entry.status();
  const auto policy = PolicyOfThen(*entry, policy_file);
  if (!policy.ok()) return policy.status();
  Table table;
  DescribeEvent(*entry, table);
  Json json = EntryJson(*entry);
  Json why = Json::array();
  for (const Reason reason : entry->reasons) {
    why.push_back({{"reason", ReasonWord(reason)}, {"says", ReasonSentence(reason)}});
  }
  json["why"] = std::move(why);
  json["rules"] = policy->has_value() ? RulesJson(**policy, *entry, table) : Json::array();
  Add(table, "policy", fmt::format("v{}", entry->policy_version));
  const std::string proof = fmt::format("bailee audit prove {}", entry->index);
  Add(table, "proof", proof);
  json["proof"] = proof;
  return context.out().Answer("explain-decision", std::move(json), table);
}

}  // namespace bailee::tool
