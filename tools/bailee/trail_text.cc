// SPDX-License-Identifier: Apache-2.0
#include "trail_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "text.h"

namespace bailee::tool {
namespace {

constexpr std::array<std::string_view, kReasonCount + 1> kSentences = {
    "",
    "the policy has no such purpose that could be acted for",
    "the policy has no such category",
    "the category has no such field",
    "the policy has no such source",
    "the policy has no such notice",
    "the policy has no such recipient",
    "a field was given that the category does not declare",
    "this source may not give this category",
    "the data were not collected for this purpose",
    "the keyring does not hold the key of this purpose",
    "the person has not consented to this use",
    "the person has withdrawn consent to this use",
    "the person has objected to this use",
    "the person has said no to this use",
    "the data have been kept for as long as they may be used for this purpose",
    "the person has had the use of the data restricted",
    "the data are held back by a legal hold",
    "the controller on whose behalf the data are held has not allowed this",
    "this recipient is not listed for these data",
    "the ground that was named for disclosing does not apply",
    "the notice that must come before was not given",
    "this use needs a case reference and none was given",
    "this address asked not to be contacted",
    "these data may only go into reports, not be read one by one",
    "the group is too small to be reported on",
    "consent was given, but the keys for it are still being made",
    "that version of the policy is not in force",
    "the person was erased"};

std::string OrDash(std::string text) { return text.empty() ? "-" : text; }

}  // namespace

std::string HexOf(ByteView bytes) {
  std::string hex;
  for (const uint8_t byte : bytes) hex += fmt::format("{:02x}", byte);
  return hex;
}

std::string TargetOf(const TrailEntry& entry) {
  if (!entry.category.empty()) {
    return entry.category + (entry.fields.empty() ? "" : "." + Join(entry.fields, ","));
  }
  std::vector<std::string> categories;
  for (const TrailEntry::About& about : entry.records) {
    if (std::find(categories.begin(), categories.end(), about.category) == categories.end()) {
      categories.push_back(about.category);
    }
  }
  return Join(categories, ",");
}

std::string ReasonWords(const std::vector<Reason>& reasons) {
  std::vector<std::string> words;
  for (const Reason reason : reasons) words.emplace_back(ReasonWord(reason));
  return Join(words, " ");
}

std::vector<std::string> EntryCells(const TrailEntry& entry) {
  std::string outcome = entry.outcome;
  if (!entry.reasons.empty()) outcome += " " + ReasonWords(entry.reasons);
  if (entry.repeats > 0) outcome += fmt::format(" (and {} more)", entry.repeats);
  return {FormatTime(entry.at),
          OrDash(entry.actor),
          OrDash(entry.purpose),
          OrDash(entry.kind),
          OrDash(TargetOf(entry)),
          entry.handle == Handle() ? "-" : entry.handle.ToHex(),
          outcome,
          entry.id.ToText()};
}

Json EntryJson(const TrailEntry& entry) {
  Json reasons = Json::array();
  for (const Reason reason : entry.reasons) reasons.push_back(ReasonWord(reason));
  Json records = Json::array();
  for (const TrailEntry::About& about : entry.records) {
    records.push_back({{"handle", about.handle.ToHex()},
                       {"category", about.category},
                       {"record", about.record.ToHex()},
                       {"terms", about.terms}});
  }
  Json details = Json::object();
  for (const auto& [what, text] : entry.details) details[what] = text;
  return {{"index", entry.index},
          {"decision", entry.id.ToText()},
          {"at", FormatTime(entry.at)},
          {"kind", entry.kind},
          {"outcome", entry.outcome},
          {"reasons", std::move(reasons)},
          {"actor", entry.actor},
          {"keyring", entry.keyring},
          {"uid", entry.uid},
          {"pid", entry.pid},
          {"host", entry.host},
          {"program", entry.program},
          {"purpose", entry.purpose},
          {"on_behalf_of", entry.on_behalf_of},
          {"category", entry.category},
          {"fields", entry.fields},
          {"case", entry.case_reference},
          {"recipient", entry.recipient},
          {"ground", entry.ground},
          {"handle", entry.handle == Handle() ? "" : entry.handle.ToHex()},
          {"records", std::move(records)},
          {"details", std::move(details)},
          {"policy_version", entry.policy_version},
          {"transaction", entry.transaction},
          {"repeats", entry.repeats}};
}

std::string_view ReasonSentence(Reason reason) { return kSentences[static_cast<size_t>(reason)]; }

}  // namespace bailee::tool
