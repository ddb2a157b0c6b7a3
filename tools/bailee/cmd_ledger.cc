// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "commands.h"
#include "interrupt.h"
#include "progress.h"
#include "receipt.h"
#include "shredded_json.h"
#include "terminal.h"
#include "text.h"
#include "when.h"

namespace bailee::tool {
namespace {

struct LedgerRecordOptions {
  std::string kind;
  std::string handle;
  bool tag = false;
  std::string purpose;
  std::string category;
  std::string notice;
  std::string name;
  std::string reference;
  uint32_t policy_version = 0;
  std::string method;
  std::string at;
};

std::string KindWords() {
  std::vector<std::string> words;
  for (uint8_t i = 1; i <= kLedgerKindCount; ++i) {
    const auto kind = static_cast<LedgerKind>(i);
    if (kind != LedgerKind::kRectified && kind != LedgerKind::kErasureAsked)
      words.emplace_back(LedgerKindWord(kind));
  }
  return Join(words);
}

Result<LedgerEvent> EventOf(const LedgerRecordOptions& options) {
  const auto kind = ParseLedgerKind(options.kind);
  if (!kind) {
    return Status(Code::kUsage, "usage.ledger-kind", "nothing of this kind is recorded",
                  "one of: " + KindWords());
  }
  LedgerEvent event{.kind = *kind,
                    .purpose = options.purpose,
                    .category = options.category,
                    .notice = options.notice,
                    .name = options.name,
                    .reference = options.reference,
                    .policy_version = options.policy_version,
                    .method = options.method};
  if (!options.at.empty()) {
    const auto at = ParseWhen(options.at, Clock::System().Now());
    if (!at.ok()) return at.status();
    event.at = *at;
  }
  return event;
}

Result<Recorded> RecordFor(Context& context, const LedgerRecordOptions& options,
                           const LedgerEvent& event) {
  if (!options.handle.empty()) {
    const auto handle = Handle::FromHex(options.handle);
    if (!handle.ok()) return handle.status();
    auto vault = context.OpenVault();
    if (!vault.ok()) return vault.status();
    return vault->Record(Who::ByHandle(*handle), event);
  }
  auto vault = context.OpenVault();
  if (!vault.ok()) return vault.status();
  const auto ref = AskValue(options.tag ? "tag (shown here; ends with Enter): "
                                        : "ref (shown here; ends with Enter): ");
  if (!ref.ok()) return ref.status();
  return ref->Reveal([&](std::string_view text) {
    return vault->Record(options.tag ? Who::Tag(text) : Who::Ref(text), event);
  });
}

Status RecordEvent(Context& context, const LedgerRecordOptions& options) {
  const auto event = EventOf(options);
  if (!event.ok()) return event.status();
  const auto recorded = RecordFor(context, options, *event);
  if (!recorded.ok()) return recorded.status();
  Table table;
  table.rows.push_back({"handle", recorded->handle.ToHex()});
  table.rows.push_back({"entry", std::to_string(recorded->sequence)});
  table.rows.push_back({"decision", recorded->decision.ToText()});
  table.rows.push_back(
      {"keys", fmt::format("{} removed, {} made", recorded->wraps_removed, recorded->wraps_made)});
  if (recorded->key_work_left) {
    context.out().Note("key work waits for a process that holds the keys: bailee upkeep");
  }
  if (recorded->erasure_due) {
    context.out().Note(
        "they asked to be erased, and nothing is held any more: bailee subject erase");
  }
  return context.out().Answer("ledger-record",
                              {{"handle", recorded->handle.ToHex()},
                               {"sequence", recorded->sequence},
                               {"decision", recorded->decision.ToText()},
                               {"wraps_removed", recorded->wraps_removed},
                               {"wraps_made", recorded->wraps_made},
                               {"key_work_left", recorded->key_work_left},
                               {"erasure_due", recorded->erasure_due}},
                              table);
}

Result<LedgerView> LedgerOf(Context& context, const std::string& hex, Bytes* policy) {
  const auto handle = Handle::FromHex(hex);
  if (!handle.ok()) return handle.status();
  auto vault = context.OpenVault();
  if (!vault.ok()) return vault.status();
  if (policy != nullptr) {
    auto in_force = vault->PolicyInForce();
    if (!in_force.ok()) return in_force.status();
    *policy = *std::move(in_force);
  }
  return vault->Ledger(Who::ByHandle(*handle));
}

Status ShowLedger(Context& context, const std::string& hex) {
  const auto ledger = LedgerOf(context, hex, nullptr);
  if (!ledger.ok()) return ledger.status();
  Table table{{"entry", "when", "kind", "about", "under", "how"}, {}};
  Json entries = Json::array();
  for (const LedgerEntry& entry : ledger->entries) {
    entries.push_back(LedgerEntryJson(entry));
    std::vector<std::string> about;
    for (const std::string* text : {&entry.purpose, &entry.category, &entry.name, &entry.reference})
      if (!text->empty()) about.push_back(*text);
    table.rows.push_back({std::to_string(entry.sequence), FormatTime(entry.at),
                          std::string(LedgerKindWord(entry.kind)), Join(about, " "), entry.notice,
                          entry.method});
  }
  return context.out().Answer("ledger-show",
                              {{"handle", ledger->handle.ToHex()},
                               {"restricted", ledger->restricted},
                               {"erasure_waits", ledger->erasure_waits},
                               {"entries", std::move(entries)}},
                              table);
}

Status Receipt(Context& context, const std::string& hex) {
  Bytes policy;
  const auto ledger = LedgerOf(context, hex, &policy);
  if (!ledger.ok()) return ledger.status();
  const auto document = PolicyDocument::FromBinary(policy);
  if (!document.ok()) return document.status();
  Json receipt = ConsentReceipt(*ledger, document->Describe());
  Table table{{"purpose", "state", "since", "notice"}, {}};
  for (const Json& each : receipt["processing"]) {
    const Json& last = each["events"].back();
    table.rows.push_back({each["purpose"], each["state"], last["event_time"],
                          last.value("privacy_notice", std::string())});
  }
  return context.out().Answer("ledger-receipt", std::move(receipt), table);
}

Json HandlesJson(const std::vector<Handle>& handles) {
  Json list = Json::array();
  for (const Handle& each : handles) list.push_back(each.ToHex());
  return list;
}

void AddHandles(const char* what, const std::vector<Handle>& handles, Table& table) {
  for (const Handle& each : handles) table.rows.push_back({what, each.ToHex()});
}

Status RunUpkeep(Context& context) {
  auto vault = context.OpenVault();
  if (!vault.ok()) return vault.status();
  const auto info = vault->Info();
  if (!info.ok()) return info.status();
  Progress progress(context.out(), "subjects", info->subjects);
  bool stopped = false;
  UpkeepOptions options;
  options.progress = [&](uint64_t subjects) {
    progress.Show(subjects, subjects);
    stopped = Interrupted();
    return !stopped;
  };
  options.shred.progress = [&](uint64_t) {
    stopped = stopped || Interrupted();
    return !stopped;
  };
  const auto done = vault->Upkeep(options);
  if (!done.ok()) return done.status();
  Table table;
  table.rows.push_back({"subjects", std::to_string(done->subjects)});
  table.rows.push_back(
      {"keys", fmt::format("{} removed, {} made", done->wraps_removed, done->wraps_made)});
  table.rows.push_back({"renewed", std::to_string(done->renewed)});
  table.rows.push_back({"left", std::to_string(done->left)});
  AddHandles("held from erasing", done->erasures_held, table);
  AddHandles("to be erased", done->erasures_due, table);
  if (!done->erasures_due.empty())
    context.out().Note(
        "nothing is held any more of people who asked to be erased: bailee subject erase");
  AddShredded(done->shredded, table);
  const Status answered = context.out().Answer("upkeep",
                                               {{"subjects", done->subjects},
                                                {"wraps_removed", done->wraps_removed},
                                                {"wraps_made", done->wraps_made},
                                                {"renewed", done->renewed},
                                                {"left", done->left},
                                                {"erasures_held", HandlesJson(done->erasures_held)},
                                                {"erasures_due", HandlesJson(done->erasures_due)},
                                                {"shredded", ShreddedJson(done->shredded)},
                                                {"complete", !stopped && done->left == 0}},
                                               table);
  if (!answered.ok()) return answered;
  if (stopped) {
    context.exit_override = 130;
    return {Code::kPartial, "upkeep.stopped", "upkeep was stopped before its end",
            "run it again: it goes on where something is left to do"};
  }
  if (done->left == 0) return UnlessShredded(done->shredded);
  return {Code::kPartial, "upkeep.left", "some keys can only be made by other holders",
          "run it with the upkeep keyring"};
}

}  // namespace

void AddLedger(Commands& commands) {
  CLI::App& ledger = *commands.Group("ledger", "what people said: consents, objections, holds");
  auto options = std::make_shared<LedgerRecordOptions>();
  CLI::App* command = commands.Add(
      ledger,
      {"record", "put something a person said, or that happened to them, into their ledger",
       "bailee ledger record given --purpose contact.news --notice news-1 --method web-form < ref\n"
       "bailee ledger record withdrawn 6f1c0d5e0c2b4b6d9a1e0f3a2b4c5d6e --purpose contact.news\n"
       "bailee ledger record event 6f1c0d5e0c2b4b6d9a1e0f3a2b4c5d6e --name account_closed\n"
       "bailee ledger record hold 6f1c0d5e0c2b4b6d9a1e0f3a2b4c5d6e --case 2013-CV-17",
       "Without a handle the ref is asked for on the terminal, or read from standard input.\n"
       "Kinds: given, withdrawn, objected, declined, signal, notice-shown, event, hold, release,\n"
       "restricted, unrestricted, agreed. What may no longer be used has no key when it returns."},
      [options](Context& context) { return RecordEvent(context, *options); });
  command->add_option("KIND", options->kind, "what is recorded")->required();
  command->add_option("HANDLE", options->handle, "32 hex digits; none: read a ref");
  command->add_flag("--tag", options->tag, "what is read is a browser's tag");
  command->add_option("--purpose", options->purpose, "the purpose it is about");
  command->add_option("--category", options->category, "one category only");
  command->add_option("--notice", options->notice, "the notice that asked, or was shown");
  command->add_option("--name", options->name, "of the event or signal, e.g. account_closed");
  command->add_option("--case", options->reference, "the case of a hold")->type_name("CASE");
  command->add_option("--policy-version", options->policy_version, "that was agreed to")
      ->type_name("N");
  command->add_option("--method", options->method, "how it was said, e.g. web-form");
  command->add_option("--at", options->at, "when: a day, RFC 3339 or \"2h\" ago; default now")
      ->type_name("WHEN");

  auto shown = std::make_shared<std::string>();
  command = commands.Add(ledger,
                         {"show", "a person's ledger, entry by entry",
                          "bailee ledger show 6f1c0d5e0c2b4b6d9a1e0f3a2b4c5d6e --keyring "
                          "rights.keyring",
                          "Needs the rights keyring."},
                         [shown](Context& context) { return ShowLedger(context, *shown); });
  command->add_option("HANDLE", *shown, "32 hex digits")->required();

  auto receipt = std::make_shared<std::string>();
  command = commands.Add(
      ledger,
      {"receipt", "a consent receipt, in the members of ISO/IEC TS 27560",
       "bailee ledger receipt 6f1c0d5e0c2b4b6d9a1e0f3a2b4c5d6e --json --keyring rights.keyring",
       "Needs the rights keyring. What the vault cannot know, such as the controller's address,\n"
       "is listed under `missing`."},
      [receipt](Context& context) { return Receipt(context, *receipt); });
  command->add_option("HANDLE", *receipt, "32 hex digits")->required();

  commands.Add(
      commands.root(),
      {"upkeep", "bring everybody's keys into line with consent, policy and time; for a timer",
       "bailee upkeep --keyring cred:upkeep",
       "Takes away the keys of what has ended and makes those that are due. With the upkeep\n"
       "keyring nothing is left; with another it does what that one can and exits 5."},
      [](Context& context) { return RunUpkeep(context); });
}

}  // namespace bailee::tool
