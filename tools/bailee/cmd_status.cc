// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "commands.h"
#include "text.h"

namespace bailee::tool {
namespace {

Json StatusJson(const std::string& directory, const VaultInfo& info, const Health& health) {
  return {{"vault", directory},
          {"vault_id", info.id.ToHex()},
          {"format", info.format},
          {"created_at", FormatTime(info.created_at)},
          {"manifest", info.manifest},
          {"policy", info.policy_name},
          {"policy_version", info.policy_version},
          {"subjects", info.subjects},
          {"records", info.records},
          {"lookups_pending", info.lookups_pending},
          {"epoch", info.epoch},
          {"shredded", info.shredded},
          {"audit_writable", health.audit_writable},
          {"audit_problem", health.audit_problem},
          {"audit_leaves", health.audit_leaves},
          {"audit_backlog_bytes", health.audit_backlog_bytes},
          {"secret_memory", health.secret_memory},
          {"secrets_locked", health.secrets_locked},
          {"file_bytes", health.file_bytes},
          {"map_bytes", health.map_bytes},
          {"readers_used", health.readers_used},
          {"readers_max", health.readers_max}};
}

Table StatusTable(const std::string& directory, const VaultInfo& info, const Health& health) {
  Table table;
  table.rows = {
      {"vault", directory, info.id.ToHex()},
      {"format", std::to_string(info.format), "made " + FormatTime(info.created_at)},
      {"policy", info.policy_name,
       fmt::format("v{}, manifest {}", info.policy_version, info.manifest)},
      {"subjects", std::to_string(info.subjects), ""},
      {"records", std::to_string(info.records), ""},
      {"lookups pending", std::to_string(info.lookups_pending), ""},
      {"epoch", std::to_string(info.epoch),
       info.shredded ? "" : "earlier copies still open what was taken away: bailee upkeep"},
      {"audit", health.audit_writable ? "writable" : "no", health.audit_problem},
      {"audit head", fmt::format("{} leaves", health.audit_leaves),
       FormatBytes(health.audit_backlog_bytes) + " waiting"},
      {"secret memory", health.secret_memory, health.secrets_locked ? "locked" : "can be swapped"},
      {"size", FormatBytes(health.file_bytes), "of " + FormatBytes(health.map_bytes)},
      {"readers", std::to_string(health.readers_used), fmt::format("of {}", health.readers_max)},
  };
  return table;
}

Status ShowStatus(Context& context) {
  auto vault = context.OpenVault();
  if (!vault.ok()) return vault.status();
  const auto info = vault->Info();
  if (!info.ok()) return info.status();
  const auto health = vault->CheckHealth();
  if (!health.ok()) return health.status();
  const std::string& directory = context.globals.vault;
  const auto rotations = vault->Rotations();
  if (!rotations.ok()) return rotations.status();
  Json json = StatusJson(directory, *info, *health);
  Table table = StatusTable(directory, *info, *health);
  json["rotations"] = Json::array();
  for (const RotationState& each : *rotations) {
    json["rotations"].push_back(each.key);
    table.rows.push_back(
        {"rotation", each.key, fmt::format("{}: bailee key status", RotationStepWord(each.step))});
  }
  Status answered = context.out().Answer("status", std::move(json), table);
  if (!answered.ok() || health->audit_writable) return answered;
  return {Code::kAuditDown, "audit.down",
          fmt::format("the audit trail cannot be written: {}", health->audit_problem),
          "the vault refuses every operation until it can: check the disk"};
}

}  // namespace

void AddStatus(Commands& commands) {
  commands.Add(commands.root(),
               {"status", "one screen: does it open, its policy, what it holds, its room",
                "bailee status --vault /var/lib/acme/vault --keyring cred:acme\n"
                "bailee status --field records"},
               ShowStatus);
}

}  // namespace bailee::tool
