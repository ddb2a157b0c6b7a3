// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "bailee/limits.h"
#include "commands.h"
#include "files.h"

namespace bailee::tool {
namespace {

struct InitOptions {
  std::string directory;
  std::string policy;
  std::string keyrings;
  bool dry_run = false;
};

// What each reserved keyring is for, so that nobody has to guess who should hold it.
std::string_view UseOf(std::string_view name) {
  if (name == "authority") return "signs policies and grants; keep it offline";
  if (name == "log") return "signs checkpoints of the audit trail";
  if (name == "auditor") return "reads the audit trail";
  if (name == "backup") return "makes and restores backups";
  if (name == "rights") return "exports and corrects for the subject";
  if (name == "upkeep") return "renews keys; reads nothing";
  if (name == "tally") return "computes reports; reads nobody";
  return "";
}

Status RefuseInside(const InitOptions& options) {
  if (!IsInside(options.keyrings, options.directory) &&
      !IsInside(options.directory, options.keyrings)) {
    return {};
  }
  return {Code::kUsage, "init.keyrings-inside",
          "the keyrings would lie in the vault's directory, or the vault in theirs",
          "name two directories apart: whoever copies the vault must not get the keys"};
}

Status WriteKeyrings(const std::vector<KeyringFile>& files, const std::string& directory,
                     std::string_view kind, Table& table, Json& list) {
  for (const KeyringFile& file : files) {
    const std::string path = fmt::format("{}/{}.keyring", directory, file.name);
    Status written =
        file.bytes.Reveal([&](std::string_view bytes) { return WriteNewFile(path, bytes); });
    if (!written.ok()) return written;
    list.push_back({{"name", file.name}, {"kind", kind}, {"file", path}});
    const std::string_view use = kind == "origin" ? "what grants are made from" : UseOf(file.name);
    table.rows.push_back({"keyring", path, std::string(use)});
  }
  return {};
}

Status CreateVault(Context& context, const InitOptions& options, const std::string& policy_text,
                   const PolicyDescription& policy) {
  // The keyrings' directories first: a vault whose keys cannot be written is of no use to anybody.
  const std::string origins = options.keyrings + "/origins";
  for (const std::string& directory : {options.keyrings, origins}) {
    if (Status made = MakePrivateDirectory(directory); !made.ok()) return made;
  }
  const auto created = Vault::Create(options.directory, {.policy_text = policy_text,
                                                         .policy_name = options.policy,
                                                         .epoch_path = context.globals.epoch});
  if (!created.ok()) return created.status();
  Table table;
  Json list = Json::array();
  table.rows.push_back({"vault", options.directory, created->id.ToHex()});
  table.rows.push_back({"policy", policy.name, fmt::format("v{}", policy.version)});
  for (const auto& [files, directory, kind] :
       {std::tuple(&created->reserved, options.keyrings, "reserved"),
        std::tuple(&created->origins, origins, "origin")}) {
    Status written = WriteKeyrings(*files, directory, kind, table, list);
    if (!written.ok()) {
      context.out().Note(
          "the vault was made, but not all of its keyrings could be written: "
          "delete the vault's directory and begin again");
      return written;
    }
  }
  const std::string next = fmt::format(
      "bailee keyring grant --from {} --actor billing-web --out billing.keyring PURPOSE",
      options.keyrings);
  table.rows.push_back({"next", next, "and move the keyrings to whoever should hold them"});
  return context.out().Answer("init",
                              {{"vault", options.directory},
                               {"vault_id", created->id.ToHex()},
                               {"policy", policy.name},
                               {"policy_version", policy.version},
                               {"keyrings", list},
                               {"next", next}},
                              table);
}

Status Init(Context& context, const InitOptions& options) {
  const auto text = ReadTextFile(options.policy, limits::kPolicyFileBytesMax, "policy file");
  if (!text.ok()) return text.status();
  const auto document = PolicyDocument::FromText(*text, options.policy);
  if (!document.ok()) return document.status();
  size_t failed = 0;
  for (const PolicyTestResult& test : document->RunTests()) failed += test.passed ? 0U : 1U;
  if (failed > 0) {
    return {Code::kPolicyInvalid, "policy.test-failed",
            fmt::format("{} of the policy's own tests fail", failed),
            fmt::format("see them: bailee policy test {}", options.policy)};
  }
  if (Status apart = RefuseInside(options); !apart.ok()) return apart;
  if (!options.dry_run) return CreateVault(context, options, *text, document->Describe());
  return context.out().Answer(
      "init", {{"vault", options.directory}, {"dry_run", true}},
      {{}, {{"would make", options.directory, "nothing was written (--dry-run)"}}});
}

}  // namespace

void AddInit(Commands& commands) {
  auto options = std::make_shared<InitOptions>();
  CLI::App* command = commands.Add(
      commands.root(),
      {"init", "make a vault and the keyrings that open it",
       "bailee init /var/lib/acme/vault --policy acme.policy.textproto --keyrings /root/acme-keys",
       "Writes OUT/*.keyring (reserved keyrings) and OUT/origins/*.keyring (what grants are made\n"
       "from), mode 0600. They are kept nowhere else. OUT must be new or empty, and lie outside\n"
       "the vault's directory."},
      [options](Context& context) { return Init(context, *options); });
  command->add_option("DIR", options->directory, "the vault's directory; new or empty")->required();
  command->add_option("--policy", options->policy, "the policy to begin with, textproto")
      ->required()
      ->type_name("FILE");
  command->add_option("--keyrings", options->keyrings, "directory for the keyrings; new or empty")
      ->required()
      ->type_name("OUT");
  command->add_flag("-n,--dry-run", options->dry_run, "check everything, write nothing");
}

}  // namespace bailee::tool
