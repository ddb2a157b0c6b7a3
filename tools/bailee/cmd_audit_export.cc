// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "cmd_audit.h"
#include "files.h"
#include "interrupt.h"
#include "pins.h"
#include "progress.h"
#include "terminal.h"
#include "text.h"
#include "when.h"

namespace bailee::tool {
namespace {

struct TrailExportOptions {
  std::string checkpoint;
  std::string out;
  uint64_t from = 0;
};

struct PruneOptions {
  std::string checkpoint;
  std::string older_than;
  std::string confirm;
  int64_t keep_days = 365;
};

Status ExportTrail(Context& context, const TrailExportOptions& options) {
  auto trail = context.OpenTrail();
  if (!trail.ok()) return trail.status();
  const auto checkpoint = NamedOrKeptCheckpoint(*trail, options.checkpoint);
  if (!checkpoint.ok()) return checkpoint.status();
  auto file = NewFile::Begin(options.out);
  if (!file.ok()) return file.status();
  uint64_t bytes = 0;
  Result<uint64_t> leaves = 0;
  (void)Interrupted();
  {
    Progress progress(context.out(), "bytes written", 0);
    leaves = trail->Export(options.from, *checkpoint, [&](ByteView piece) -> Status {
      if (Interrupted()) {
        return {Code::kPartial, "interrupted", "interrupted; nothing was kept", "run it again"};
      }
      bytes += piece.size();
      progress.Show(bytes, bytes);
      return file->Write({reinterpret_cast<const char*>(piece.data()), piece.size()});
    });
  }
  if (!leaves.ok()) {
    if (Interrupted()) context.exit_override = 130;
    return leaves.status();
  }
  if (Status finished = file->Finish(); !finished.ok()) return finished;
  const std::string next =
      fmt::format("bailee audit prune --checkpoint {} --older-than 365d",
                  options.checkpoint.empty() ? "CHECKPOINT" : options.checkpoint);
  return context.out().Answer("audit-export",
                              {{"file", options.out},
                               {"from", options.from},
                               {"leaves", *leaves},
                               {"bytes", bytes},
                               {"next", next}},
                              {{},
                               {{"exported", fmt::format("{} leaves", *leaves), options.out},
                                {"size", FormatBytes(bytes), ""},
                                {"next", next, "once the file is kept elsewhere"}}});
}

Status Prune(Context& context, const PruneOptions& options) {
  const auto older_than = ParseWhen(options.older_than, Clock::System().Now());
  if (!older_than.ok()) return older_than.status();
  auto trail = context.OpenTrail();
  if (!trail.ok()) return trail.status();
  const auto checkpoint = ReadCheckpointFile(options.checkpoint, trail->origin());
  if (!checkpoint.ok()) return checkpoint.status();
  const std::string name = trail->vault().ToHex();
  const std::string what =
      fmt::format("Entries of vault {} before {} will be deleted from its trail for ever", name,
                  FormatTime(*older_than));
  if (Status meant = Confirm(what, name, options.confirm); !meant.ok()) return meant;
  const auto gone = trail->Prune(
      {.checkpoint = *checkpoint, .older_than = *older_than, .keep_days = options.keep_days});
  if (!gone.ok()) return gone.status();
  return context.out().Answer(
      "audit-prune",
      {{"vault_id", name},
       {"older_than", FormatTime(*older_than)},
       {"keep_days", options.keep_days},
       {"leaves", *gone}},
      {{}, {{"pruned", fmt::format("{} leaves", *gone)}, {"next", "bailee audit verify"}}});
}

}  // namespace

void AddAuditExport(Commands& commands, CLI::App& audit) {
  auto copy = std::make_shared<TrailExportOptions>();
  CLI::App* command = commands.Add(
      audit,
      {"export", "copy the trail, sealed as it is, up to a checkpoint",
       "bailee audit export --checkpoint acme.checkpoint --out acme-2016.trail\n"
       "bailee audit export --from 9412006 --out acme-2017.trail",
       "The file has mode 0600 and gets its name once it is whole. Without --checkpoint it is the\n"
       "one kept by bailee audit sign."},
      [copy](Context& context) { return ExportTrail(context, *copy); });
  command->add_option("--checkpoint", copy->checkpoint, "a signed one")->type_name("FILE");
  command->add_option("--out", copy->out, "the new file")->required()->type_name("FILE");
  command->add_option("--from", copy->from, "begin with the leaf of this index")
      ->type_name("INDEX");

  auto prune = std::make_shared<PruneOptions>();
  command = commands.Add(
      audit,
      {"prune", "delete old entries that were exported; their proofs stay",
       "bailee audit prune --checkpoint acme.checkpoint --older-than 2016-01-01 "
       "--confirm=0f3a2b4c5d6e6f1c0d5e0c2b4b6d9a1e",
       "The checkpoint must be that of an export that is kept elsewhere. Deletes whole blocks of\n"
       "256 leaves from the front. Needs the auditor's keyring. On a terminal it asks for the\n"
       "vault's id; elsewhere --confirm names it. PCI DSS 10.5.1 wants a year kept."},
      [prune](Context& context) { return Prune(context, *prune); });
  command->add_option("--checkpoint", prune->checkpoint, "the one of the export")
      ->required()
      ->type_name("FILE");
  command->add_option("--older-than", prune->older_than, "a day, RFC 3339, or how long ago: 400d")
      ->required()
      ->type_name("WHEN");
  command->add_option("--keep-days", prune->keep_days, "never younger ones; default 365")
      ->check(CLI::NonNegativeNumber)
      ->type_name("DAYS");
  command->add_option("--confirm", prune->confirm, "the vault's id, to go on without being asked")
      ->type_name("NAME");
}

}  // namespace bailee::tool
