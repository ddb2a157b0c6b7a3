// SPDX-License-Identifier: Apache-2.0
#include "subject_json.h"

#include <fmt/format.h>

#include "disclosure_json.h"
#include "output.h"
#include "receipt.h"
#include "reveal.h"
#include "text.h"

namespace bailee::tool {
namespace {

Json WordsOf(const std::vector<Reason>& reasons) {
  Json words = Json::array();
  for (const Reason reason : reasons) words.push_back(ReasonWord(reason));
  return words;
}

Json DamageJson(const Status& status) {
  return {{"name", status.name()}, {"message", status.message()}};
}

// What is said of a record beside its values.
Json RecordJson(const ExportedRecord& record) {
  Json json = {{"record", record.id.ToHex()}, {"category", record.category}};
  if (!record.damage.ok()) {
    json["damage"] = DamageJson(record.damage);
    return json;
  }
  json.update({{"collected_at", FormatTime(record.collected_at)},
               {"notice", record.notice},
               {"source", record.source},
               {"source_role", record.source_role},
               {"controller", record.controller},
               {"policy_version", record.policy_version},
               {"proven", record.proven}});
  Json gaps = Json::array();
  for (const ExportedGap& gap : record.gaps)
    gaps.push_back({{"field", gap.field}, {"reason", ReasonWord(gap.reason)}});
  Json uses = Json::array();
  for (const ExportedUse& use : record.uses) {
    uses.push_back({{"purpose", use.purpose},
                    {"fields", use.fields},
                    {"why_not_others", WordsOf(use.reasons)}});
  }
  Json recipients = Json::array();
  for (const ExportedRecipient& each : record.recipients) {
    recipients.push_back({{"recipient", each.recipient},
                          {"role", each.role},
                          {"ground", each.ground},
                          {"purpose", each.purpose},
                          {"fields", each.fields}});
  }
  json["not_included"] = std::move(gaps);
  json["purposes"] = std::move(uses);
  json["recipients"] = std::move(recipients);
  return json;
}

Json LookJson(const Look& look) {
  Json records = Json::array();
  for (const RecordId& record : look.records) records.push_back(record.ToHex());
  Json json = {
      {"decision", look.id.ToText()}, {"at", FormatTime(look.at)}, {"kind", look.kind},
      {"outcome", look.outcome},      {"actor", look.actor},       {"purpose", look.purpose},
      {"category", look.category},    {"fields", look.fields},     {"records", std::move(records)}};
  if (!look.case_reference.empty()) json["case"] = look.case_reference;
  if (!look.recipient.empty()) json["recipient"] = look.recipient;
  if (!look.ground.empty()) json["ground"] = look.ground;
  if (!look.reasons.empty()) json["reasons"] = WordsOf(look.reasons);
  if (look.repeats > 0) json["repeats"] = look.repeats;
  return json;
}

// An object with one more member, whose value is secret: `json` ends with a brace.
WipedString WithMember(const Json& json, std::string_view name, const WipedJson& value) {
  const std::string open = ToLine(json);
  WipedString line(open.begin(), open.end() - 1);
  line += ",\"";
  line.append(name.data(), name.size());
  line += "\":";
  line += value.dump();
  line += '}';
  return line;
}

}  // namespace

Status SubjectJson::Next(std::string_view line) {
  if (Status begun = write_(first_ ? "\n" : ",\n"); !begun.ok()) return begun;
  first_ = false;
  return write_(line);
}

Status SubjectJson::Subject(const ExportedSubject& subject) {
  incomplete_ = !subject.ledger_damage.ok() || !subject.disclosures_damage.ok();
  Json json = {{"schema", "bailee.subject/1"},
               {"handle", subject.handle.ToHex()},
               {"about", subject.browser ? "browser" : "person"},
               {"known_since", FormatTime(subject.known_since)},
               {"exported_at", FormatTime(subject.at)},
               {"decision", subject.decision.ToText()},
               {"policy", {{"name", subject.policy_name}, {"version", subject.policy_version}}},
               {"on_behalf_of", subject.on_behalf_of},
               {"restricted", subject.restricted}};
  Json ledger = Json::array();
  for (const LedgerEntry& entry : subject.ledger) ledger.push_back(LedgerEntryJson(entry));
  json["ledger"] = std::move(ledger);
  if (!subject.ledger_damage.ok()) json["ledger_damage"] = DamageJson(subject.ledger_damage);
  Json disclosures = Json::array();
  for (const DisclosureInfo& each : subject.disclosures)
    disclosures.push_back(DisclosureJson(each));
  json["disclosures"] = std::move(disclosures);
  if (!subject.disclosures_damage.ok())
    json["disclosures_damage"] = DamageJson(subject.disclosures_damage);
  const WipedString line = WithMember(json, "ref", ValueJson(subject.ref));
  // The document goes on where this object would end.
  Status written = write_(std::string_view(line).substr(0, line.size() - 1));
  return written.ok() ? write_(",\n\"records\":[") : written;
}

Status SubjectJson::Record(const ExportedRecord& record) {
  WipedJson values = WipedJson::object();
  for (const auto& each : record.values)
    values[WipedString(each.name.begin(), each.name.end())] = ValueJson(*each.value);
  return Next(WithMember(RecordJson(record), "values", values));
}

Status SubjectJson::BeginLooks() {
  in_looks_ = true;
  first_ = true;
  return write_("],\n\"looks\":[");
}

Status SubjectJson::AddLook(const Look& look) {
  ++looks_;
  return Next(ToLine(LookJson(look)));
}

Status SubjectJson::Finish(const SubjectExportSummary& summary) {
  return write_(
      fmt::format("],\n\"count\":{},\"damaged\":{}}}\n", summary.records, summary.damaged));
}

}  // namespace bailee::tool
