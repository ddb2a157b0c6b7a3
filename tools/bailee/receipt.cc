// SPDX-License-Identifier: Apache-2.0
#include "receipt.h"

#include <algorithm>
#include <map>

#include "text.h"

namespace bailee::tool {
namespace {

// The state of a consent after an event of this kind; null if the kind says nothing of consent.
const char* StateAfter(LedgerKind kind) {
  switch (kind) {
    case LedgerKind::kGiven:
      return "consent given";
    case LedgerKind::kWithdrawn:
      return "consent withdrawn";
    case LedgerKind::kObjected:
    case LedgerKind::kSignal:
      return "objected";
    case LedgerKind::kDeclined:
      return "consent refused";
    default:
      return nullptr;
  }
}

Json EventOf(const LedgerEntry& entry) {
  Json event = {{"event_time", FormatTime(entry.at)},
                {"recorded_at", FormatTime(entry.recorded_at)},
                {"event_state", StateAfter(entry.kind)},
                {"sequence", entry.sequence},
                {"policy_version", entry.policy_version}};
  if (!entry.method.empty()) event["collection_method"] = entry.method;
  if (!entry.notice.empty()) event["privacy_notice"] = entry.notice;
  if (!entry.category.empty()) event["category"] = entry.category;
  if (!entry.name.empty()) event["signal"] = entry.name;
  return event;
}

// What the policy lets the purpose use, and how long it is kept for it.
Json InformationFor(const PolicyDescription& policy, const std::string& purpose) {
  Json information = Json::array();
  for (const auto& category : policy.categories) {
    Json fields = Json::array();
    for (const auto& field : category.fields) {
      for (const auto& reader : field.readers) {
        if (reader.purpose != purpose) continue;
        fields.push_back({{"pii_type", field.name}, {"lawful_basis", reader.basis}});
      }
    }
    if (fields.empty()) continue;
    Json each = {{"category", category.id}, {"sensitive", category.sensitive}, {"pii", fields}};
    for (const auto& retention : category.retentions) {
      if (retention.purpose == purpose) each["retention_days"] = retention.days;
    }
    information.push_back(std::move(each));
  }
  return information;
}

std::string SaysOf(const PolicyDescription& policy, const std::string& purpose) {
  const auto* declared = policy.FindPurpose(purpose);
  return declared == nullptr ? std::string() : declared->says;
}

}  // namespace

Json LedgerEntryJson(const LedgerEntry& entry) {
  Json json = {{"sequence", entry.sequence},
               {"kind", LedgerKindWord(entry.kind)},
               {"at", FormatTime(entry.at)},
               {"recorded_at", FormatTime(entry.recorded_at)},
               {"policy_version", entry.policy_version}};
  const std::pair<const char*, const std::string*> texts[] = {
      {"purpose", &entry.purpose}, {"category", &entry.category},   {"notice", &entry.notice},
      {"name", &entry.name},       {"reference", &entry.reference}, {"method", &entry.method}};
  for (const auto& [name, text] : texts) {
    if (!text->empty()) json[name] = *text;
  }
  if (entry.kind == LedgerKind::kRectified) {
    json["record"] = entry.record.ToHex();
    json["fields"] = entry.fields;
  }
  return json;
}

Json ConsentReceipt(const LedgerView& ledger, const PolicyDescription& policy) {
  std::map<std::string, Json> events;
  for (const LedgerEntry& entry : ledger.entries) {
    if (StateAfter(entry.kind) == nullptr) continue;
    Json& list = events[entry.purpose];
    if (list.is_null()) list = Json::array();
    list.push_back(EventOf(entry));
  }
  Json processing = Json::array();
  for (auto& [purpose, list] : events) {
    const Json state = list.back()["event_state"];
    processing.push_back({{"purpose", purpose},
                          {"purpose_description", SaysOf(policy, purpose)},
                          {"pii_information", InformationFor(policy, purpose)},
                          {"state", state},
                          {"events", std::move(list)}});
  }
  return {{"schema_version", "ISO/IEC TS 27560:2023"},
          {"record_id", ledger.handle.ToHex() + "." + std::to_string(ledger.entries.size())},
          {"pii_principal_id", ledger.handle.ToHex()},
          {"policy", {{"name", policy.name}, {"version", policy.version}}},
          {"processing", std::move(processing)},
          {"missing",
           {"language", "pii_controllers", "storage_locations", "jurisdiction",
            "recipient_third_parties", "withdrawal_method", "parties", "validity_duration"}}};
}

}  // namespace bailee::tool
