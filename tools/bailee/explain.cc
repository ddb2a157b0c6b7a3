// SPDX-License-Identifier: Apache-2.0
#include "explain.h"

#include <fmt/format.h>

#include <vector>

#include "text.h"
#include "trail_text.h"

namespace bailee::tool {
namespace {

void Add(Table& table, const char* name, std::string text, std::string more = {}) {
  if (text.empty() && more.empty()) return;
  table.rows.push_back({name, std::move(text), std::move(more)});
}

// The rules that give the field to the purpose.
void AddGrants(const PolicyDescription& policy, const TrailEntry& entry, const std::string& field,
               Json& list, Table& table) {
  const auto* category = policy.FindCategory(entry.category);
  const auto* known =
      category == nullptr ? nullptr : PolicyDescription::FindField(*category, field);
  if (known == nullptr) return;
  for (const PolicyDescription::Reader& reader : known->readers) {
    if (reader.purpose != entry.purpose) continue;
    Add(table, "rule", reader.rule, reader.clause);
    list.push_back(
        {{"field", field}, {"rule", reader.rule}, {"clause", reader.clause}, {"offer", ""}});
  }
}

// What the policy alone says of a request of the past: its rules and clauses, whatever was known
// of the person then.
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
      AddGrants(policy.Describe(), entry, field, list, table);
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

// The policy of that time: of the file that was named, which knows lines too, or of the vault.
Result<PolicyDocument> PolicyOfThen(const AuditTrail& trail, const TrailEntry& entry,
                                    const std::string& file) {
  if (file.empty()) {
    const auto bytes = trail.Policy(entry.policy_version);
    if (!bytes.ok()) return bytes.status();
    return PolicyDocument::FromBinary(*bytes);
  }
  auto policy = ReadPolicyFile(file);
  if (!policy.ok()) return policy;
  const uint32_t version = policy->Describe().version;
  if (version == entry.policy_version) return policy;
  return Status(Code::kInvalidValue, "explain.other-version",
                fmt::format("the policy file is version {}, the decision was made by {}", version,
                            entry.policy_version),
                "name the file of that version, or leave out --policy");
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
  const auto policy = PolicyOfThen(*trail, *entry, policy_file);
  // Without it the rest is still worth saying; a file that was named must fit.
  if (!policy.ok() && !policy_file.empty()) return policy.status();
  Table table;
  DescribeEvent(*entry, table);
  Json json = EntryJson(*entry);
  Json why = Json::array();
  for (const Reason reason : entry->reasons) {
    why.push_back({{"reason", ReasonWord(reason)}, {"says", ReasonSentence(reason)}});
  }
  json["why"] = std::move(why);
  json["rules"] = policy.ok() ? RulesJson(*policy, *entry, table) : Json::array();
  Add(table, "policy", fmt::format("v{}", entry->policy_version));
  const std::string proof = fmt::format("bailee audit prove {}", entry->index);
  Add(table, "proof", proof);
  json["proof"] = proof;
  return context.out().Answer("explain-decision", std::move(json), table);
}

}  // namespace bailee::tool
