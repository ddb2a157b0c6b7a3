// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "bailee/limits.h"
#include "cmd_policy.h"
#include "files.h"
#include "terminal.h"
#include "text.h"
#include "when.h"

namespace bailee::tool {
namespace {

struct VersionOptions {
  std::vector<std::string> files;
  std::string file;
  std::string from;
  std::string notice;
  std::string announced;
  std::vector<std::string> plans;  // "delete:CATEGORY" or "keep:CATEGORY.FIELD"
  std::string confirm;
  bool dry_run = false;
};

// Borrows the texts.
Result<std::vector<PublishPlan>> ParsePlans(const std::vector<std::string>& texts) {
  constexpr std::string_view kDelete = "delete:";
  constexpr std::string_view kKeep = "keep:";
  std::vector<PublishPlan> plans;
  for (const std::string_view text : texts) {
    if (text.starts_with(kDelete)) {
      plans.push_back({PublishPlan::What::kDelete, text.substr(kDelete.size())});
      continue;
    }
    const size_t dot = text.find('.');
    if (!text.starts_with(kKeep) || dot == text.npos) {
      return Status(Code::kUsage, "usage.plan", "a plan is delete:CATEGORY or keep:CATEGORY.FIELD",
                    "see what breaks: bailee policy diff");
    }
    plans.push_back({PublishPlan::What::kKeep, text.substr(kKeep.size(), dot - kKeep.size()),
                     text.substr(dot + 1)});
  }
  return plans;
}

const char* EffectWord(PolicyChange::Effect effect) {
  switch (effect) {
    case PolicyChange::Effect::kWider:
      return "wider";
    case PolicyChange::Effect::kNarrower:
      return "narrower";
    case PolicyChange::Effect::kBreaks:
      break;
  }
  return "breaks";
}

size_t CountChanges(const PolicyDiff& diff, PolicyChange::Effect effect) {
  size_t count = 0;
  for (const PolicyChange& each : diff.changes) count += each.effect == effect ? 1U : 0U;
  return count;
}

Json ChangeJson(const PolicyChange& change) {
  return {{"effect", EffectWord(change.effect)},
          {"about", change.about},
          {"name", change.name},
          {"category", change.category},
          {"fields", change.fields},
          {"purposes", change.purposes},
          {"sources", change.sources},
          {"on_behalf_of", change.on_behalf_of},
          {"was", change.was},
          {"now", change.now},
          {"words", change.words},
          {"clause", change.clause},
          {"line", change.line}};
}

void AddDiff(const PolicyDiff& diff, Json& json, Table& table) {
  Json changes = Json::array();
  for (const PolicyChange& each : diff.changes) {
    const std::string place = each.line > 0 ? fmt::format("line {}", each.line) : "";
    table.rows.push_back({EffectWord(each.effect), each.words, each.clause, place});
    changes.push_back(ChangeJson(each));
  }
  json["wider"] = CountChanges(diff, PolicyChange::Effect::kWider);
  json["narrower"] = CountChanges(diff, PolicyChange::Effect::kNarrower);
  json["breaks"] = CountChanges(diff, PolicyChange::Effect::kBreaks);
  json["widened_purposes"] = diff.WidenedPurposes();
  json["changes"] = changes;
}

Status Diff(Context& context, const VersionOptions& options) {
  // One file is compared with what is in force.
  const bool two = options.files.size() == 2;
  const auto older = context.LoadPolicy(two ? options.files[0] : std::string());
  if (!older.ok()) return older.status();
  const auto newer = ReadPolicyFile(options.files.back());
  if (!newer.ok()) return newer.status();
  const PolicyDiff diff = older->CompareWith(*newer);
  Json json = {{"from", older->Describe().version}, {"to", newer->Describe().version}};
  Table table{{"", "change", "clause", "place"}, {}};
  AddDiff(diff, json, table);
  if (diff.changes.empty()) table.rows.push_back({"same", "nothing is wider or narrower"});
  if (Status answered = context.out().Answer("policy-diff", json, table); !answered.ok())
    return answered;
  const size_t wider = CountChanges(diff, PolicyChange::Effect::kWider);
  const size_t breaks = CountChanges(diff, PolicyChange::Effect::kBreaks);
  if (wider + breaks == 0) return {};
  return {Code::kFindings, "policy.wider",
          fmt::format("{} change(s) are wider, {} break what is held", wider, breaks),
          breaks > 0
              ? "publish --plan says what becomes of what is held; or add what is new beside it"
              : "publishing it owes a notice that lists " + Join(diff.WidenedPurposes())};
}

Status CheckOwnTests(const std::string& text, const std::string& file) {
  const auto document = PolicyDocument::FromText(text, file);
  if (!document.ok()) return document.status();
  size_t failed = 0;
  for (const PolicyTestResult& test : document->RunTests()) failed += test.passed ? 0U : 1U;
  if (failed == 0) return {};
  return {Code::kPolicyInvalid, "policy.test-failed",
          fmt::format("{} of the policy's own tests fail", failed),
          fmt::format("see them: bailee policy test {}", file)};
}

Status ConfirmDeleting(Vault& vault, const std::vector<PublishPlan>& plans,
                       const VersionOptions& options) {
  std::vector<std::string> categories;
  for (const PublishPlan& plan : plans) {
    if (plan.what == PublishPlan::What::kDelete) categories.emplace_back(plan.category);
  }
  if (categories.empty() || options.dry_run) return {};
  const auto info = vault.Info();
  if (!info.ok()) return info.status();
  return Confirm("all records of " + Join(categories), info->id.ToHex(), options.confirm);
}

Result<Published> RunPublish(Context& context, const VersionOptions& options,
                             const std::string& text) {
  std::optional<Timestamp> announced;
  if (!options.announced.empty()) {
    const auto when = ParseWhen(options.announced, Clock::System().Now());
    if (!when.ok()) return when.status();
    announced = *when;
  }
  const auto authority =
      context.LoadKeyring(fmt::format("file:{}/authority.keyring", options.from));
  if (!authority.ok()) return authority.status();
  // Whoever has the origins needs no keyring beside them.
  if (context.globals.keyring.empty())
    context.globals.keyring = fmt::format("file:{}/origins/storage.keyring", options.from);
  const auto plans = ParsePlans(options.plans);
  if (!plans.ok()) return plans.status();
  auto vault = context.OpenVault();
  if (!vault.ok()) return vault.status();
  if (Status meant = ConfirmDeleting(*vault, *plans, options); !meant.ok()) return meant;
  const auto keep = [&](const std::vector<KeyringFile>& files) -> Status {
    for (const KeyringFile& file : files) {
      const std::string path = fmt::format("{}/origins/{}.keyring", options.from, file.name);
      // What has the name is of an attempt that was not completed: its key opens nothing.
      Status written =
          file.bytes.Reveal([&](std::string_view bytes) { return ReplaceFile(path, bytes); });
      if (!written.ok()) return written;
    }
    return {};
  };
  return vault->Publish(*authority, {.policy_text = text,
                                     .policy_name = options.file,
                                     .notice = options.notice,
                                     .announced_at = announced,
                                     .plans = *plans,
                                     .dry_run = options.dry_run,
                                     .keep = keep});
}

Status PublishPolicy(Context& context, const VersionOptions& options) {
  const auto text = ReadTextFile(options.file, limits::kPolicyFileBytesMax, "policy file");
  if (!text.ok()) return text.status();
  if (Status passed = CheckOwnTests(*text, options.file); !passed.ok()) return passed;
  const auto published = RunPublish(context, options, *text);
  if (!published.ok()) return published.status();
  Json json = {{"version", published->version},
               {"manifest", published->manifest},
               {"dry_run", options.dry_run},
               {"notice", options.notice},
               {"subjects_affected", published->subjects_affected},
               {"records_deleted", published->records_deleted},
               {"keyrings", published->keyrings}};
  Table table;
  AddDiff(published->diff, json, table);
  table.rows.push_back(
      {options.dry_run ? "would publish" : "published", fmt::format("v{}", published->version)});
  table.rows.push_back(
      {"subjects", std::to_string(published->subjects_affected), "hold data of what changes"});
  if (published->records_deleted > 0) {
    table.rows.push_back({"records", std::to_string(published->records_deleted),
                          options.dry_run ? "would be deleted" : "deleted"});
  }
  for (const std::string& name : published->keyrings) {
    table.rows.push_back({"keyring", fmt::format("{}/origins/{}.keyring", options.from, name)});
  }
  if (!options.notice.empty())
    table.rows.push_back({"next", "bailee notice due " + options.notice});
  return context.out().Answer("policy-publish", json, table);
}

Status History(Context& context) {
  auto vault = context.OpenVault();
  if (!vault.ok()) return vault.status();
  const auto versions = vault->PolicyHistory();
  if (!versions.ok()) return versions.status();
  Table table{{"version", "in force since", "notice", "announced"}, {}};
  Json list = Json::array();
  for (const PublishedVersion& each : *versions) {
    const std::string announced = each.announced_at ? FormatDay(*each.announced_at) : "";
    table.rows.push_back(
        {fmt::format("v{}", each.version), FormatTime(each.since), each.notice, announced});
    list.push_back({{"version", each.version},
                    {"since", FormatTime(each.since)},
                    {"notice", each.notice},
                    {"announced", announced}});
  }
  return context.out().Answer("policy-history", {{"versions", list}}, table);
}

// Those whose ledger does not show the notice. Each look at a ledger is recorded.
Status NoticeDue(Context& context, const std::string& asked) {
  auto vault = context.OpenVault();
  if (!vault.ok()) return vault.status();
  std::string notice = asked;
  if (notice.empty()) {
    const auto versions = vault->PolicyHistory();
    if (!versions.ok()) return versions.status();
    if (!versions->empty()) notice = versions->back().notice;
  }
  if (notice.empty()) {
    return {Code::kUsage, "notice.none", "the version in force was announced by no notice",
            "name a notice of the policy"};
  }
  constexpr size_t kPage = 1000;
  uint64_t due = 0;
  uint64_t told = 0;
  std::optional<Handle> after;
  for (;;) {
    const auto handles = vault->Subjects(after, kPage);
    if (!handles.ok()) return handles.status();
    for (const Handle& handle : *handles) {
      const auto ledger = vault->Ledger(Who::ByHandle(handle));
      if (!ledger.ok()) return ledger.status();
      const bool shown = std::any_of(
          ledger->entries.begin(), ledger->entries.end(), [&](const LedgerEntry& entry) {
            return entry.notice == notice &&
                   (entry.kind == LedgerKind::kNoticeShown || entry.kind == LedgerKind::kGiven);
          });
      ++(shown ? told : due);
      if (!shown) context.out().StreamLine({{"handle", handle.ToHex()}}, {handle.ToHex()});
    }
    if (handles->size() < kPage) break;
    after = handles->back();
  }
  return context.out().Answer("notice-due", {{"notice", notice}, {"due", due}, {"told", told}},
                              {{}, {{"due", std::to_string(due)}, {"told", std::to_string(told)}}});
}

void AddPublish(Commands& commands, CLI::App& policy) {
  auto options = std::make_shared<VersionOptions>();
  CLI::App* command = commands.Add(
      policy,
      {"publish", "put a newer version in force",
       "bailee policy publish acme-4.policy.textproto --vault /var/lib/acme/vault --from "
       "/root/acme-keys --dry-run\n"
       "bailee policy publish acme-4.policy.textproto --from /root/acme-keys --notice change-4 "
       "--announced 2016-08-02",
       "FROM is the directory that bailee init wrote; new keyrings go into its origins/. What is\n"
       "narrower holds at once. What is wider owes a notice of the new version, announced before\n"
       "it takes effect, and never reaches what is held until its subject consents or agrees. "
       "What\n"
       "is held and could not be kept under it takes a --plan; to delete wants --confirm off a "
       "terminal."},
      [options](Context& context) { return PublishPolicy(context, *options); });
  command->add_option("FILE", options->file, "the new version, textproto")->required();
  command->add_option("--from", options->from, "directory with authority.keyring and origins/")
      ->required()
      ->type_name("FROM");
  auto* notice =
      command->add_option("--notice", options->notice, "the notice that announced what is wider")
          ->type_name("NOTICE");
  command->add_option("--announced", options->announced, "when that was: a day or a time")
      ->needs(notice)
      ->type_name("DATE");
  command
      ->add_option(
          "--plan", options->plans,
          "delete:CATEGORY, for one that is gone; keep:CATEGORY.FIELD, for a field that is "
          "required now: what is held stays without it")
      ->type_name("PLAN")
      ->allow_extra_args(false);
  command->add_option("--confirm", options->confirm, "the vault's id, for what a plan deletes")
      ->type_name("VAULT");
  command->add_flag("-n,--dry-run", options->dry_run, "say everything, change nothing");
}

}  // namespace

void AddPolicyVersions(Commands& commands, CLI::App& policy) {
  auto diff = std::make_shared<VersionOptions>();
  CLI::App* command = commands.Add(
      policy,
      {"diff", "what a newer version makes wider and narrower",
       "bailee policy diff acme-3.policy.textproto acme-4.policy.textproto\n"
       "bailee policy diff --vault /var/lib/acme/vault acme-4.policy.textproto",
       "One file is compared with the version in force. Exits 4 if anything is wider or breaks."},
      [diff](Context& context) { return Diff(context, *diff); });
  command->add_option("FILE", diff->files, "the older version, then the newer")
      ->required()
      ->expected(1, 2);
  AddPublish(commands, policy);
  commands.Add(policy,
               {"history", "every version that was in force, and since when",
                "bailee policy history --vault /var/lib/acme/vault --keyring cred:acme"},
               [](Context& context) { return History(context); });
}

void AddNotice(Commands& commands) {
  CLI::App& group = *commands.Group("notice", "who was told what");
  auto notice = std::make_shared<std::string>();
  CLI::App* command = commands.Add(
      group,
      {"due", "whom a notice was not shown to yet",
       "bailee notice due --vault /var/lib/acme/vault --keyring cred:rights\n"
       "bailee notice due change-4 --json",
       "Without a notice, the one that announced the version in force. To have been shown it is\n"
       "an entry of the ledger, which takes the rights keyring; each look at one is recorded."},
      [notice](Context& context) { return NoticeDue(context, *notice); });
  command->add_option("NOTICE", *notice, "a notice of the policy");
}

}  // namespace bailee::tool
