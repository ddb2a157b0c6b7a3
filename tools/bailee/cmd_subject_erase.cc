// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "commands.h"
#include "interrupt.h"
#include "named.h"
#include "progress.h"
#include "shredded_json.h"
#include "terminal.h"

namespace bailee::tool {
namespace {

struct SubjectEraseOptions {
  Named named;
  std::string case_reference;
  std::string confirm;
  bool defer = false;
};

Status AnswerErase(Context& context, const SubjectEraseOptions& options, const Erased& erased) {
  const DecisionId& decision = erased.decisions.front();
  Table table;
  table.rows = {{"erased", fmt::format("{} records", erased.records)},
                {"rows", fmt::format("{} deleted", erased.rows)},
                {"addresses", fmt::format("{} not to be written to", erased.suppressed)},
                {"accounting", fmt::format("{} rows kept for rights", erased.kept)},
                {"decision", decision.ToText()}};
  AddShredded(erased.shredded, table);
  Json json = {{"records", erased.records},       {"rows", erased.rows},
               {"suppressed", erased.suppressed}, {"kept", erased.kept},
               {"decision", decision.ToText()},   {"shredded", ShreddedJson(erased.shredded)}};
  if (Status answered = context.out().Answer("subject-erase", std::move(json), table);
      !answered.ok()) {
    return answered;
  }
  return options.defer ? Status() : UnlessShredded(erased.shredded);
}

Status EraseSubject(Context& context, const SubjectEraseOptions& options) {
  (void)Interrupted();
  return WithNamed(context, options.named, [&](Vault& vault, const Who& who) -> Status {
    const auto info = vault.Info();
    if (!info.ok()) return info.status();
    if (Status meant =
            Confirm("everything that is held of this person", info->id.ToHex(), options.confirm);
        !meant.ok()) {
      return meant;
    }
    Progress progress(context.out(), "rows sealed again", 0);
    EraseOptions erase{.case_reference = options.case_reference, .defer = options.defer};
    erase.shred.progress = [&](uint64_t rows) {
      progress.Show(rows, rows);
      return !Interrupted();
    };
    const auto erased = vault.Erase(who, erase);
    if (!erased.ok()) return erased.status();
    if (erased->subjects == 0)
      return {Code::kNotFound, "not-found", "nobody is known by this name",
              "it may have been erased before; the trail has the event"};
    return AnswerErase(context, options, *erased);
  });
}

}  // namespace

void AddSubjectErase(Commands& commands, CLI::App& subject) {
  auto options = std::make_shared<SubjectEraseOptions>();
  CLI::App* command = commands.Add(
      subject,
      {"erase", "erase a person: every record, key and row, from earlier copies too",
       "bailee subject erase --keyring rights.keyring --case DSR-2013-117 < ref\n"
       "bailee subject erase 6f1c0d5e0c2b4b6d9a1e0f3a2b4c5d6e --confirm "
       "0f3a2b4c5d6e6f1c0d5e0c2b4b6d9a1e",
       "Says how far it came: inaccessible (the vault leads nowhere), or shredded (no copy of\n"
       "the database opens it and no process holds a key). What other processes hold is dropped\n"
       "within a tenth of a second; bailee upkeep finishes what could not be. Left are a tag of\n"
       "each e-mail address, so that it is not written to, and what the accounting says, for\n"
       "rights. Needs the rights keyring. Off a terminal it wants --confirm with the vault's id."},
      [options](Context& context) { return EraseSubject(context, *options); });
  AddNamed(*command, options->named);
  command->add_option("--case", options->case_reference, "reference of the request, for the trail");
  command->add_option("--confirm", options->confirm, "the vault's id")->type_name("VAULT");
  command->add_flag("--defer", options->defer, "let upkeep do what takes it from earlier copies");
}

}  // namespace bailee::tool
