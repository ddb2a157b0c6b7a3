// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <optional>

#include "cmd_audit.h"
#include "files.h"
#include "pins.h"
#include "progress.h"
#include "text.h"
#include "trail_text.h"
#include "trusted_log.h"

namespace bailee::tool {
namespace {

struct VerifyOptions {
  std::string pin;
  bool no_pin = false;
  bool entries = false;
};

// Where the pin is kept and what it says; neither with --no-pin.
struct Pin {
  std::string path;
  std::string text;                 // empty: there is none yet
  std::optional<Checkpoint> claim;  // what `text` says
};

Result<Pin> PinFor(const AuditTrail& trail, const VerifyOptions& options) {
  Pin pin;
  if (options.no_pin) return pin;
  pin.path = options.pin;
  if (pin.path.empty()) {
    auto path = PathOfKept(trail.vault(), Kept::kPin);
    if (!path.ok()) return path.status();
    pin.path = *std::move(path);
  }
  auto text = ReadKept(pin.path, trail.origin());
  if (!text.ok()) return text.status();
  pin.text = *std::move(text);
  if (pin.text.empty()) return pin;
  auto claim = ParseKept(pin.text);
  if (!claim.ok()) return claim.status();
  pin.claim = *std::move(claim);
  return pin;
}

std::string_view WeightWord(TrailFinding::Weight weight) {
  switch (weight) {
    case TrailFinding::Weight::kBroken:
      return "broken";
    case TrailFinding::Weight::kUnproven:
      return "unproven";
    case TrailFinding::Weight::kKnown:
      return "known";
  }
  return "broken";
}

std::string PlaceOf(const TrailFinding& finding) {
  std::string place;
  if (finding.leaf.has_value()) place = fmt::format("leaf {}", *finding.leaf);
  if (finding.instance.has_value()) {
    place += fmt::format("{}instance {}", place.empty() ? "" : ", ", finding.instance->ToHex());
  }
  return place;
}

Json FindingsJson(const std::vector<TrailFinding>& findings) {
  Json list = Json::array();
  for (const TrailFinding& each : findings) {
    Json json = {{"weight", WeightWord(each.weight)},
                 {"name", each.name},
                 {"message", each.message},
                 {"leaf", nullptr},
                 {"instance", nullptr}};
    if (each.leaf.has_value()) json["leaf"] = *each.leaf;
    if (each.instance.has_value()) json["instance"] = each.instance->ToHex();
    list.push_back(std::move(json));
  }
  return list;
}

// What comparing with the pin came to, in words.
std::string PinWords(const Pin& pin, const VerifyOptions& options, bool broken) {
  if (options.no_pin) return "not compared (--no-pin)";
  if (!pin.claim.has_value()) return "first look from here: nothing to compare with yet";
  const std::string size = fmt::format("the {} leaves that were pinned", pin.claim->size);
  return broken ? "compared with " + size : "extends " + size;
}

Table TableOf(const TrailReport& report, const Pin& pin, const std::string& pin_words) {
  const std::string how = report.entries_opened ? "every one opened" : "not opened";
  Table table;
  table.rows = {
      {"trail", report.origin, ""},
      {"head", fmt::format("{} leaves", report.size), HexOf(report.root)},
      {"pin", pin_words, pin.path},
      {"entries", std::to_string(report.entries), how},
      {"instances", std::to_string(report.instances), fmt::format("{} open", report.open)},
      {"waiting", FormatBytes(report.waiting_bytes), "in journals, not in the tree yet"}};
  if (report.pruned > 0) table.rows.push_back({"pruned", std::to_string(report.pruned), "leaves"});
  for (const TrailFinding& each : report.findings) {
    table.rows.push_back({std::string(WeightWord(each.weight)), each.name,
                          each.message + (PlaceOf(each).empty() ? "" : " at " + PlaceOf(each))});
  }
  if (report.findings.empty())
    table.rows.push_back({"ok", "nothing was changed or taken away", ""});
  return table;
}

Result<TrailReport> Replay(Context& context, AuditTrail& trail, const Pin& pin, bool entries) {
  std::optional<Progress> progress;
  AuditTrail::VerifyOptions options{.entries = entries, .pinned = pin.text};
  options.progress = [&](uint64_t done, uint64_t all) {
    if (!progress.has_value()) progress.emplace(context.out(), "leaves verified", all);
    progress->Show(done, done);
  };
  return trail.Verify(options);
}

Status Verify(Context& context, const VerifyOptions& options) {
  auto trail = context.OpenTrail();
  if (!trail.ok()) return trail.status();
  const auto pin = PinFor(*trail, options);
  if (!pin.ok()) return pin.status();
  const auto report = Replay(context, *trail, *pin, options.entries);
  if (!report.ok()) return report.status();
  const Status verdict = report->ToStatus();
  const bool broken = verdict.code() == Code::kAuditBroken;
  // An unproven end changes nothing of what was pinned before it: the pin moves on. It takes what
  // was verified, not the head as it is by now.
  const bool moves = !broken && !options.no_pin;
  if (moves) {
    const Status kept = WriteKept(pin->path, PinText(report->origin, {report->size, report->root}));
    if (!kept.ok()) return kept;
  }
  const std::string words = PinWords(*pin, options, broken);
  Json json = {{"vault_id", trail->vault().ToHex()},
               {"origin", report->origin},
               {"log_key", HexOf(trail->log_key().bytes)},
               {"log_keys", KeyTexts(trail->log_keys())},
               {"verdict", broken ? "broken" : (verdict.ok() ? "good" : "unproven")},
               {"size", report->size},
               {"root", HexOf(report->root)},
               {"pruned", report->pruned},
               {"entries", report->entries},
               {"entries_opened", report->entries_opened},
               {"instances", report->instances},
               {"open", report->open},
               {"waiting_bytes", report->waiting_bytes},
               {"pin", pin->path},
               {"pinned_size", nullptr},
               {"pin_moved", moves},
               {"first", !options.no_pin && !pin->claim.has_value()},
               {"findings", FindingsJson(report->findings)}};
  if (pin->claim.has_value()) json["pinned_size"] = pin->claim->size;
  const Status answered =
      context.out().Answer("audit-verify", std::move(json), TableOf(*report, *pin, words));
  return answered.ok() ? verdict : answered;
}

Status ShowPin(Context& context, const std::string& out) {
  auto trail = context.OpenTrail();
  if (!trail.ok()) return trail.status();
  const auto text = trail->Pin();
  if (!text.ok()) return text.status();
  if (out.empty() && !context.out().json() && context.out().options().field.empty()) {
    return context.out().Text("audit-pin", *text);
  }
  if (!out.empty()) {
    if (Status written = WriteNewFile(out, *text); !written.ok()) return written;
  }
  const auto claim = ParseKept(*text);
  if (!claim.ok()) return claim.status();
  return context.out().Answer(
      "audit-pin",
      {{"text", *text},
       {"vault_id", trail->vault().ToHex()},
       {"origin", claim->origin},
       {"log_key", HexOf(trail->log_key().bytes)},
       {"log_keys", KeyTexts(trail->log_keys())},
       {"size", claim->size},
       {"root", HexOf(claim->root)},
       {"file", out}},
      {{},
       {{"pinned", fmt::format("{} leaves", claim->size), out},
        {"next", "bailee audit verify --pin " + out, "from then on, wherever the file is kept"}}});
}

}  // namespace

void AddAuditVerify(Commands& commands, CLI::App& audit) {
  auto options = std::make_shared<VerifyOptions>();
  CLI::App* command = commands.Add(
      audit,
      {"verify", "replay the trail: was anything changed or taken away since the last look?",
       "bailee audit verify --vault /var/lib/acme/vault --keyring cred:acme\n"
       "bailee audit verify --entries --keyring auditor.keyring --pin /mnt/elsewhere/acme.pin",
       "Any keyring of the vault will do; --entries takes the auditor's. The head is compared "
       "with\n"
       "the one kept at the last look and then takes its place, in\n"
       "$XDG_STATE_HOME/bailee/<vault id>.pin or ~/.local/state/bailee. Exits 0; 4 for what "
       "nobody\n"
       "can prove, such as the end of a process that died; 14 if history was changed. What was\n"
       "there at the last look and cannot be proven is shown as known, and is no reason for 4."},
      [options](Context& context) { return Verify(context, *options); });
  command->add_flag("--entries", options->entries, "open every entry as well");
  auto* pin =
      command->add_option("--pin", options->pin, "compare with this file, and keep it there")
          ->type_name("FILE");
  command->add_flag("--no-pin", options->no_pin, "compare with nothing, keep nothing")
      ->excludes(pin);

  auto out = std::make_shared<std::string>();
  command = commands.Add(audit,
                         {"pin",
                          "the head of the trail, to be kept where the vault's owner cannot "
                          "reach",
                          "bailee audit pin > acme.pin\nbailee audit pin --out acme.pin --json",
                          "Three lines: the log's origin, its size and its root. bailee audit "
                          "verify --pin FILE\ncompares with it."},
                         [out](Context& context) { return ShowPin(context, *out); });
  command->add_option("--out", *out, "write it to a new file with mode 0600")->type_name("FILE");
}

}  // namespace bailee::tool
