// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "bailee/backup.h"
#include "commands.h"
#include "interrupt.h"
#include "progress.h"
#include "text.h"

namespace bailee::tool {
namespace {

struct BackupOptions {
  std::vector<std::string> files;
  std::string base;
  std::string from;
  std::string sha256;
  std::string case_reference;
};

Json StreamJson(const BackupStream& stream) {
  return {{"stream", BackupKindWord(stream.kind)},
          {"id", stream.id.ToHex()},
          {"base", stream.base == BackupStreamId() ? Json() : Json(stream.base.ToHex())},
          {"taken_at", FormatTime(stream.taken_at)},
          {"transaction", stream.transaction},
          {"bytes", stream.bytes},
          {"rows", stream.rows},
          {"rows_carried", stream.rows_carried},
          {"ranges", stream.ranges},
          {"ranges_carried", stream.ranges_carried},
          {"subjects", stream.subjects},
          {"tree_size", stream.tree_size}};
}

std::vector<std::string> StreamCells(const BackupStream& stream) {
  return {std::string(BackupKindWord(stream.kind)), stream.id.ToHex(), FormatTime(stream.taken_at),
          fmt::format("{} of {} rows", stream.rows_carried, stream.rows),
          FormatBytes(stream.bytes)};
}

// Shows how far it is, and stops when interrupted.
class Watch {
 public:
  explicit Watch(Context& context) : context_(context), progress_(context.out(), "rows", 0) {
    (void)Interrupted();
  }
  BackupProgress progress() {
    return [this](uint64_t rows) {
      progress_.Show(rows, rows);
      if (!Interrupted()) return true;
      context_.exit_override = 130;
      return false;
    };
  }

 private:
  Context& context_;
  Progress progress_;
};

Status TakeBackup(Context& context, const BackupOptions& options, BackupKind kind) {
  auto vault = context.OpenVault();
  if (!vault.ok()) return vault.status();
  Result<BackedUp> done = [&] {
    Watch watch(context);
    const BackupRequest request{
        .file = options.files.front(), .base = options.base, .progress = watch.progress()};
    return kind == BackupKind::kData ? vault->BackUpData(request) : vault->BackUpKeys(request);
  }();
  if (!done.ok()) return done.status();
  Json json = StreamJson(done->stream);
  Json unreadable = Json::array();
  for (const Handle& each : done->unreadable) unreadable.push_back(each.ToHex());
  json["file"] = options.files.front();
  json["unreadable"] = unreadable;
  json["decision"] = done->decision.ToText();
  if (done->sha256) json["sha256"] = done->sha256->ToHex();
  const bool data = kind == BackupKind::kData;
  Table table{{"stream", "id", "taken", "carries", "size"}, {StreamCells(done->stream)}};
  if (done->sha256) table.rows.push_back({"sha256", done->sha256->ToHex(), "", "", ""});
  for (const Handle& each : done->unreadable)
    table.rows.push_back({"unreadable", each.ToHex(), "", "", ""});
  const Status answered =
      context.out().Answer(data ? "backup-data" : "backup-keys", std::move(json), table);
  if (!answered.ok() || done->unreadable.empty()) return answered;
  return {Code::kFindings, "backup.unreadable",
          "rows of subjects are damaged and not in the stream",
          "keep the key stream before this one until they are repaired or erased"};
}

Status Destroyed(Context& context, const BackupOptions& options) {
  const auto sha256 = KeyStreamSha256::FromHex(options.sha256);
  if (!sha256.ok()) return sha256.status();
  auto vault = context.OpenVault();
  if (!vault.ok()) return vault.status();
  const auto stated = vault->StateDestroyed(*sha256, options.case_reference);
  if (!stated.ok()) return stated.status();
  Table table;
  table.rows = {{"stated", "every key stream up to this one is destroyed", sha256->ToHex()},
                {"decision", stated->ToText(), options.case_reference}};
  return context.out().Answer("backup-destroyed",
                              {{"sha256", sha256->ToHex()},
                               {"case", options.case_reference},
                               {"decision", stated->ToText()}},
                              table);
}

Status VerifyStreams(Context& context, const BackupOptions& options) {
  if (context.globals.keyring.empty()) {
    return {Code::kUsage, "usage.no-keyring-named", "no keyring was named",
            "add --keyring SOURCE, that of backup; see bailee help key-sources"};
  }
  auto keyring = context.LoadKeyring(context.globals.keyring);
  if (!keyring.ok()) return keyring.status();
  const auto verified = [&] {
    Watch watch(context);
    return VerifyBackup(*keyring, options.files, watch.progress());
  }();
  if (!verified.ok()) return verified.status();
  Json streams = Json::array();
  Table table{{"stream", "id", "taken", "carries", "size"}, {}};
  for (const BackupStream& each : verified->streams) {
    streams.push_back(StreamJson(each));
    table.rows.push_back(StreamCells(each));
  }
  return context.out().Answer("backup-verify",
                              {{"vault_id", verified->vault.ToHex()}, {"streams", streams}}, table);
}

Json RestoredJson(const Restored& restored) {
  Json lacking = Json::array();
  for (const Restored::Lacking& each : restored.lacking) {
    lacking.push_back(
        {{"handle", each.handle.ToHex()}, {"known", each.known}, {"restored", each.restored}});
  }
  return {{"vault_id", restored.id.ToHex()},
          {"subjects", restored.subjects},
          {"records", restored.records},
          {"records_of_erased", restored.records_of_erased},
          {"records_outdated", restored.records_outdated},
          {"lookups_retired", restored.lookups_retired},
          {"subjects_lacking", restored.subjects_lacking},
          {"lacking", lacking},
          {"leaves", restored.leaves},
          {"leaves_known", restored.leaves_known},
          {"manifest", restored.manifest},
          {"log_origin", restored.log_origin},
          {"decision", restored.decision.ToText()}};
}

Status AnswerRestore(Context& context, const Restored& restored) {
  Table table;
  table.rows = {
      {"subjects", std::to_string(restored.subjects), ""},
      {"records", std::to_string(restored.records), ""},
      {"left out", std::to_string(restored.records_of_erased), "records of people erased since"},
      {"left out", std::to_string(restored.records_outdated),
       "records of which something was taken away or replaced since"},
      {"trail", fmt::format("{} of {} leaves", restored.leaves, restored.leaves_known),
       restored.log_origin},
      {"decision", restored.decision.ToText(), ""},
      {"next", "bailee upkeep", "then bailee backup data, and backup keys"}};
  if (restored.lookups_retired > 0) {
    table.rows.push_back({"left out", std::to_string(restored.lookups_retired),
                          "rows of indexes whose key was replaced since: bailee key rotate index"});
  }
  for (const Restored::Lacking& each : restored.lacking) {
    table.rows.push_back(
        {"lacks", each.handle.ToHex(),
         fmt::format("{} of {} records were restored", each.restored, each.known)});
  }
  const Status answered = context.out().Answer("restore", RestoredJson(restored), table);
  if (!answered.ok() || restored.subjects_lacking == 0) return answered;
  return {Code::kFindings, "restore.lacking",
          fmt::format("of {} subjects the keys know of records that the data has not, or not as "
                      "they are",
                      restored.subjects_lacking),
          "restore again with a data stream that was taken later, if there is one"};
}

Status RestoreStreams(Context& context, const BackupOptions& options) {
  if (context.globals.vault.empty() || context.globals.keyring.empty()) {
    return {Code::kUsage, "usage.no-vault-named",
            "it takes the new directory and a keyring that opens vaults",
            "add --vault DIR and --keyring SOURCE, for instance that of upkeep"};
  }
  auto storage = context.LoadKeyring(context.globals.keyring);
  if (!storage.ok()) return storage.status();
  auto backup = context.LoadKeyring(fmt::format("file:{}/backup.keyring", options.from));
  if (!backup.ok()) return backup.status();
  auto authority = context.LoadKeyring(fmt::format("file:{}/authority.keyring", options.from));
  if (!authority.ok()) return authority.status();
  const auto restored = [&] {
    Watch watch(context);
    return RestoreVault({.directory = context.globals.vault,
                         .files = options.files,
                         .epoch_path = context.globals.epoch,
                         .progress = watch.progress()},
                        {.backup = *backup, .authority = *authority, .storage = *storage});
  }();
  if (!restored.ok()) return restored.status();
  return AnswerRestore(context, *restored);
}

void AddBackupKind(Commands& commands, CLI::App& backup, BackupKind kind) {
  auto options = std::make_shared<BackupOptions>();
  const bool data = kind == BackupKind::kData;
  const CommandText text =
      data ? CommandText{"data", "copy the sealed records and the trail into a data stream",
                         "bailee backup data monday.data --keyring cred:upkeep\n"
                         "bailee backup data tuesday.data --base monday.data --keyring cred:upkeep",
                         "Other processes read and write meanwhile; the stream shows one moment. "
                         "The\n"
                         "file has mode 0600 and gets its name once it is whole. With --base it\n"
                         "carries what changed since that stream and is of use with its whole "
                         "chain.\n"
                         "Take a key stream after it: without one a data stream opens for nobody."}
           : CommandText{
                 "keys", "copy the keys of everybody alive into a key stream",
                 "bailee backup keys /mnt/keys/acme.keys --keyring cred:upkeep",
                 "Take it after each data stream, after erasing, and every day; it is small.\n"
                 "It replaces the file of that name, and copies of older ones have to be\n"
                 "destroyed: a restore with an old key stream brings back whom was erased\n"
                 "since. Keep it apart from the data streams. Only the backup keyring opens it."};
  CLI::App* command = commands.Add(backup, text, [options, kind](Context& context) {
    return TakeBackup(context, *options, kind);
  });
  command->add_option("FILE", options->files, "the new stream")->required()->expected(1);
  if (data) {
    command->add_option("--base", options->base, "the data stream before it")->type_name("FILE");
  }
}

}  // namespace

void AddBackup(Commands& commands) {
  CLI::App* backup = commands.Group("backup", "take and verify backup streams");
  AddBackupKind(commands, *backup, BackupKind::kData);
  AddBackupKind(commands, *backup, BackupKind::kKeys);

  auto destroyed = std::make_shared<BackupOptions>();
  CLI::App* command = commands.Add(
      *backup,
      {"destroyed", "state that a key stream and all before it are destroyed",
       "bailee backup destroyed $(sha256sum old.keys | cut -d' ' -f1) --keyring cred:upkeep",
       "With every copy of them. Names the last of them by the hash that bailee backup keys\n"
       "printed. Nothing is destroyed by this: the trail keeps that you said so, and receipts of\n"
       "people who were erased and shredded before say that they are absent from backups."},
      [destroyed](Context& context) { return Destroyed(context, *destroyed); });
  command->add_option("SHA256", destroyed->sha256, "of the key stream, 64 hex digits")->required();
  command->add_option("--case", destroyed->case_reference, "why, [A-Za-z0-9-]{1,64}");

  auto verify = std::make_shared<BackupOptions>();
  command = commands.Add(
      *backup,
      {"verify", "open streams to their end and see that they belong together",
       "bailee backup verify monday.data tuesday.data acme.keys --keyring keys/backup.keyring",
       "In any order. Needs the backup keyring and no vault; writes nothing."},
      [verify](Context& context) { return VerifyStreams(context, *verify); });
  command->add_option("FILE", verify->files, "streams")->required();

  auto restore = std::make_shared<BackupOptions>();
  command = commands.Add(
      commands.root(),
      {"restore", "put a vault together from a key stream and a chain of data streams",
       "bailee restore monday.data tuesday.data acme.keys --from keys --vault restored "
       "--keyring keys/upkeep.keyring",
       "Verifies every stream before it writes; --vault names a directory that is empty or not\n"
       "there. What was erased or taken away before the key stream was taken does not come back;\n"
       "standings and the list of addresses not to be written to are those of the key stream. The\n"
       "trail goes on under a new origin, so begin new pins and checkpoints. Exits 4 if the keys\n"
       "know of records that the data has not. --keyring is one that opened the vault; run bailee\n"
       "upkeep next."},
      [restore](Context& context) { return RestoreStreams(context, *restore); });
  command->add_option("FILE", restore->files, "streams, in any order")->required();
  command
      ->add_option("--from", restore->from, "directory with backup.keyring and authority.keyring")
      ->required()
      ->type_name("FROM");
}

}  // namespace bailee::tool
