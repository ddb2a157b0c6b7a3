// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <optional>

#include "commands.h"
#include "files.h"
#include "interrupt.h"
#include "named.h"
#include "progress.h"
#include "reveal.h"
#include "subject_json.h"
#include "terminal.h"

namespace bailee::tool {
namespace {

struct SubjectExportArguments {
  Named named;
  std::string trail;  // the auditor's keyring
  std::string on_behalf_of;
  RevealOptions reveal;
};

Status Interruption() {
  return {Code::kPartial, "interrupted", "interrupted; nothing was kept", "run it again"};
}

// Shows values on the terminal as they come.
class Shown final : public SubjectExportVisitor {
 public:
  Status Subject(const ExportedSubject& subject) override {
    return ShowOnTerminal("ref", subject.ref);
  }
  Status Record(const ExportedRecord& record) override {
    for (const auto& each : record.values) {
      const std::string label =
          fmt::format("{} {} {}", record.category, record.id.ToHex(), each.name);
      if (Status shown = ShowOnTerminal(label, *each.value); !shown.ok()) return shown;
    }
    return Interrupted() ? Interruption() : Status();
  }
};

// What is said once the export is done: of a file that is whole, also where something of it is not.
Status AnswerExport(Context& context, const SubjectExportArguments& options,
                    const SubjectExportSummary& summary, const SubjectJson& document) {
  Table table;
  table.rows = {{"exported", fmt::format("{} records", summary.records), options.reveal.out},
                {"handle", summary.handle.ToHex(), ""},
                {"decision", summary.decision.ToText(), ""}};
  if (!options.trail.empty())
    table.rows.push_back({"looks", std::to_string(document.looks()), "events of the trail"});
  Json json = {{"handle", summary.handle.ToHex()},
               {"file", options.reveal.out},
               {"records", summary.records},
               {"damaged", summary.damaged},
               {"complete", summary.damaged == 0 && !document.incomplete()},
               {"decision", summary.decision.ToText()}};
  if (!options.trail.empty()) json["looks"] = document.looks();
  if (Status answered = context.out().Answer("subject-export", std::move(json), table);
      !answered.ok()) {
    return answered;
  }
  if (summary.damaged == 0 && !document.incomplete()) return {};
  return {Code::kPartial, "export.damaged", "something of this person is damaged and not included",
          "the file names it; restore the vault from a backup to have it all"};
}

// After the vault was closed: a process has one open at a time.
Status AddLooks(Context& context, const SubjectExportArguments& options, Keyring auditor,
                const Handle& handle, SubjectJson& document) {
  auto trail = AuditTrail::Open(context.globals.vault, std::move(auditor));
  if (!trail.ok()) return trail.status();
  if (Status begun = document.BeginLooks(); !begun.ok()) return begun;
  Status problem;
  const Status visited = WhoLooked(*trail, handle, options.on_behalf_of, [&](const Look& look) {
    problem = Interrupted() ? Interruption() : document.AddLook(look);
    return problem.ok();
  });
  return visited.ok() ? problem : visited;
}

Status WriteFile(Context& context, const SubjectExportArguments& options) {
  std::optional<Keyring> auditor;
  if (!options.trail.empty()) {
    auto keyring = context.LoadKeyring(options.trail);
    if (!keyring.ok()) return keyring.status();
    auditor.emplace(*std::move(keyring));
  }
  std::optional<NewFile> file;
  uint64_t bytes = 0;
  SubjectExportSummary summary;
  Progress progress(context.out(), "bytes written", 0);
  SubjectJson document([&](std::string_view piece) -> Status {
    if (Interrupted()) return Interruption();
    // Nothing is made for somebody who is not there.
    if (!file) {
      auto begun = NewFile::Begin(options.reveal.out);
      if (!begun.ok()) return begun.status();
      file.emplace(*std::move(begun));
    }
    bytes += piece.size();
    progress.Show(bytes, bytes);
    return file->Write(piece);
  });
  Status status = WithNamed(context, options.named, [&](Vault& vault, const Who& who) -> Status {
    auto done = vault.Export(who, {.on_behalf_of = options.on_behalf_of}, document);
    if (!done.ok()) return done.status();
    summary = *std::move(done);
    return {};
  });
  if (status.ok() && auditor)
    status = AddLooks(context, options, *std::move(auditor), summary.handle, document);
  if (status.ok()) status = document.Finish(summary);
  if (status.ok()) status = file->Finish();
  if (!status.ok()) return status;
  return AnswerExport(context, options, summary, document);
}

Status ExportSubject(Context& context, const SubjectExportArguments& options) {
  if (!options.reveal.Wanted()) {
    return {Code::kUsage, "export.nowhere", "nothing says where the values are to go",
            "write them to a new file: --out FILE"};
  }
  if (Status allowed = CheckReveal(context, options.reveal); !allowed.ok()) return allowed;
  (void)Interrupted();
  Status status;
  if (options.reveal.terminal) {
    Shown shown;
    status = WithNamed(context, options.named, [&](Vault& vault, const Who& who) {
      return vault.Export(who, {.on_behalf_of = options.on_behalf_of}, shown).status();
    });
  } else {
    status = WriteFile(context, options);
  }
  if (status.name() == "interrupted") context.exit_override = 130;
  return status;
}

struct RestrictOptions {
  Named named;
  std::string method;
};

Status Restrict(Context& context, const RestrictOptions& options, LedgerKind kind) {
  return WithNamed(context, options.named, [&](Vault& vault, const Who& who) -> Status {
    const auto recorded = vault.Record(who, {.kind = kind, .method = options.method});
    if (!recorded.ok()) return recorded.status();
    if (recorded->key_work_left)
      context.out().Note("key work waits for a process that holds the keys: bailee upkeep");
    const bool restricted = kind == LedgerKind::kRestricted;
    Table table;
    table.rows = {{"handle", recorded->handle.ToHex()},
                  {"use", restricted ? "restricted" : "as before"},
                  {"entry", std::to_string(recorded->sequence)},
                  {"decision", recorded->decision.ToText()},
                  {"keys", fmt::format("{} removed, {} made", recorded->wraps_removed,
                                       recorded->wraps_made)}};
    return context.out().Answer(restricted ? "subject-restrict" : "subject-unrestrict",
                                {{"handle", recorded->handle.ToHex()},
                                 {"restricted", restricted},
                                 {"sequence", recorded->sequence},
                                 {"decision", recorded->decision.ToText()},
                                 {"wraps_removed", recorded->wraps_removed},
                                 {"wraps_made", recorded->wraps_made},
                                 {"key_work_left", recorded->key_work_left}},
                                table);
  });
}

void AddRestrict(Commands& commands, CLI::App& subject, const CommandText& text, LedgerKind kind) {
  auto options = std::make_shared<RestrictOptions>();
  CLI::App* command = commands.Add(subject, text, [options, kind](Context& context) {
    return Restrict(context, *options, kind);
  });
  AddNamed(*command, options->named);
  command->add_option("--method", options->method, "how it was said, e.g. web-form");
}

}  // namespace

void AddSubjectRights(Commands& commands, CLI::App& subject) {
  auto options = std::make_shared<SubjectExportArguments>();
  CLI::App* command = commands.Add(
      subject,
      {"export", "everything that is held of a person, as JSON in a new file",
       "bailee subject export --out ada.json --keyring rights.keyring < ref\n"
       "bailee subject export 6f1c0d5e0c2b4b6d9a1e0f3a2b4c5d6e --out ada.json --trail "
       "auditor.keyring",
       "Values, what they are held under and may be used for, the ledger, and what was disclosed.\n"
       "--trail adds who looked and why, with the auditor's keyring: also inquiries that must not\n"
       "be told, if there are any; read it before you pass it on. Needs the rights keyring.\n"
       "Without a handle the ref is asked for on the terminal, or read from standard input."},
      [options](Context& context) { return ExportSubject(context, *options); });
  AddNamed(*command, options->named);
  AddReveal(*command, options->reveal, "everything");
  command->add_option("--trail", options->trail, "the auditor's keyring: adds who looked and why")
      ->type_name("SOURCE");
  command
      ->add_option("--on-behalf-of", options->on_behalf_of, "only what is held for this controller")
      ->type_name("CONTROLLER");

  AddRestrict(commands, subject,
              {"restrict", "a person asked that nothing be used: no purpose has a key for it then",
               "bailee subject restrict 6f1c0d5e0c2b4b6d9a1e0f3a2b4c5d6e --method web-form",
               "The same as bailee ledger record restricted. Exports go on."},
              LedgerKind::kRestricted);
  AddRestrict(commands, subject,
              {"unrestrict", "what was restricted may be used again, as far as it could before",
               "bailee subject unrestrict 6f1c0d5e0c2b4b6d9a1e0f3a2b4c5d6e",
               "The same as bailee ledger record unrestricted. Keys are made here as far as this\n"
               "keyring holds them, the rest by the next holder or bailee upkeep."},
              LedgerKind::kUnrestricted);
}

}  // namespace bailee::tool
