// SPDX-License-Identifier: Apache-2.0
#include <filesystem>

#include "faults/fault_world.h"
#include "vault/stories.h"

namespace bailee::faults {
namespace {

namespace fs = std::filesystem;

struct Question {
  std::string_view purpose;
  std::string_view category;
  std::string_view field;
};
constexpr Question kQuestions[] = {
    {"service", "account", "name"},        {"support", "account", "email"},
    {"contact.news", "account", "email"},  {"billing", "payment_card", "pan"},
    {"billing", "payment_card", "holder"}, {"support", "payment_card", "pan.last4"},
    {"support", "payment_card", "pan"},    {"security", "web_log", "ip"},
    {"network", "web_log", "ip.net"},      {"service", "browser_preferences", "language"},
};

std::string TextIn(const Record& record, std::string_view field) {
  return record.Has(field) ? TextOf(record.At(field)) : "-";
}

// The values that each purpose reads of one person, or the names of the refusals.
void Read(Vault& vault, const Who& who, std::string_view name, std::string& out) {
  for (const Question& each : kQuestions) {
    out += std::string(name) + " " + std::string(each.purpose) + " " + std::string(each.field);
    auto session = vault.As(each.purpose);
    if (!session.ok()) {
      out += " " + std::string(session.status().name()) + "\n";
      continue;
    }
    const auto records =
        session->ReadAll({.who = who, .category = each.category, .fields = {each.field}});
    if (!records.ok()) out += " " + std::string(records.status().name());
    if (records.ok()) {
      std::vector<std::string> found;
      for (const Record& record : *records) found.push_back(TextIn(record, each.field));
      std::sort(found.begin(), found.end());
      for (const std::string& value : found) out += " " + value;
    }
    out += "\n";
  }
}

void Told(Vault& vault, const Who& who, std::string& out) {
  const auto ledger = vault.Ledger(who);
  out += "  ledger";
  if (!ledger.ok()) out += " " + std::string(ledger.status().name());
  if (ledger.ok()) {
    for (const LedgerEntry& entry : ledger->entries)
      out += " " + std::string(LedgerKindWord(entry.kind)) + ":" + entry.purpose + entry.name;
    out += ledger->erasure_waits ? " erasure-waits" : "";
  }
  auto rights = vault.As("rights");
  const auto disclosed = rights.ok() ? rights->Disclosures(who) : rights.status();
  out += "; disclosed " +
         (disclosed.ok() ? std::to_string(disclosed->size())
                         : std::string(disclosed.status().name())) +
         "\n";
}

Status Whole(Vault& vault, std::string& out) {
  const auto info = vault.Info();
  if (!info.ok()) return info.status();
  out += "subjects " + std::to_string(info->subjects) + " records " +
         std::to_string(info->records) + " policy " + std::to_string(info->policy_version) + "\n";
  for (const std::string_view pan : {kCardNumber, kOtherCardNumber}) {
    const auto found = FindCard(vault, pan);
    out += "found " +
           (found.ok() ? std::to_string(found->size()) : std::string(found.status().name())) + "\n";
  }
  const auto listed = vault.Suppressions({}, 100);
  out += "suppressed " +
         (listed.ok() ? std::to_string(listed->size()) : std::string(listed.status().name())) +
         "\n";
  const auto rotations = vault.Rotations();
  if (!rotations.ok()) return rotations.status();
  for (const RotationState& each : *rotations)
    out += "rotation " + each.key + " " + std::string(RotationStepWord(each.step)) + "\n";
  const auto disregards = vault.Disregards();
  if (!disregards.ok()) return disregards.status();
  for (const Disregarded& each : *disregards)
    out += "disregarded " + each.why + " " + std::to_string(each.count) + "\n";
  return Status();
}

// Names of files: what a failure leaves lying about is part of what there is.
void Files(const std::string& path, std::string& out) {
  std::vector<std::string> names;
  for (const auto& each : fs::directory_iterator(path)) names.push_back(each.path().filename());
  std::sort(names.begin(), names.end());
  for (const std::string& name : names) out += "file " + name + "\n";
}

}  // namespace

Result<std::string> Contents(const std::string& path, const FixedClock& clock,
                             std::vector<Keyring> keyrings) {
  std::string out;
  Files(path, out);
  OpenOptions options{.clock = &clock};
  options.map_bytes = kMapBytes;
  Result<Vault> vault = Status(Code::kUsage, "test.no-keyring", "no keyring");
  for (Keyring& keyring : keyrings) {
    vault = Vault::Open(path, std::move(keyring), options);
    if (vault.ok() || vault.status().code() != Code::kKey) break;
  }
  if (!vault.ok()) return vault.status();
  for (const auto who : {kAda, kCollected, kRestricted, kHeld, kWithdrawn, kOther}) {
    Read(*vault, Who::Ref(who), who, out);
    Told(*vault, Who::Ref(who), out);
  }
  Read(*vault, Who::Ref("user-new"), "user-new", out);
  Read(*vault, Who::Tag(kBrowser), kBrowser, out);
  if (Status status = Whole(*vault, out); !status.ok()) return status;
  return out;
}

Result<TrailFacts> LookAtTrail(const std::string& path, const FixedClock& clock, Keyring auditor) {
  auto trail =
      AuditTrail::Open(path, std::move(auditor), {.clock = &clock, .map_bytes = kMapBytes});
  if (!trail.ok()) return trail.status();
  TrailFacts facts;
  auto report = trail->Verify({.entries = true});
  if (!report.ok()) return report.status();
  facts.report = *std::move(report);
  const TrailFilter allowed{.outcome = "allowed"};
  const auto read = trail->Entries(allowed, facts.report.pruned, [&](const TrailEntry& entry) {
    facts.events[entry.kind] += 1 + entry.repeats;
    return true;
  });
  if (!read.ok()) return read.status();
  return facts;
}

}  // namespace bailee::faults
