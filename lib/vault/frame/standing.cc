// SPDX-License-Identifier: Apache-2.0
#include "vault/frame/standing.h"

#include <algorithm>

#include "base/check.h"
#include "base/codec.h"
#include "base/try.h"
#include "keys/subject.h"

namespace bailee::vault {
namespace {

using policy::Choice;

constexpr uint8_t kStandingVersion = 1;
constexpr uint8_t kRestricted = 1;
constexpr uint8_t kErasureWaits = 2;
constexpr size_t kStandingBytesMax = size_t{64} << 10;

Status Full() {
  return Status(Code::kFull, "ledger.full", "a person's standing has no room for more",
                "release holds that are over; a named event is recorded once each time it happens");
}

void PutText(Writer& writer, std::string_view text) {
  BAILEE_CHECK(text.size() <= 255);
  writer.PutPrefixed<uint8_t>(AsBytes(text));
}

std::string GetText(Reader& reader) {
  const ByteView bytes = reader.GetPrefixed<uint8_t>();
  return {bytes.begin(), bytes.end()};
}

template <typename List, typename Put>
void PutList(Writer& writer, const List& list, const Put& put) {
  writer.Put(static_cast<uint16_t>(list.size()));
  for (const auto& each : list) put(each);
}

template <typename List, typename Get>
void GetList(Reader& reader, List& list, const Get& get) {
  const auto count = reader.Get<uint16_t>();
  for (uint16_t i = 0; i < count && !reader.failed(); ++i) list.push_back(get());
}

std::optional<Choice> ChoiceOf(LedgerKind kind) {
  switch (kind) {
    case LedgerKind::kGiven:
      return Choice::kGiven;
    case LedgerKind::kWithdrawn:
      return Choice::kWithdrawn;
    case LedgerKind::kObjected:
    case LedgerKind::kSignal:
      return Choice::kObjected;
    case LedgerKind::kDeclined:
      return Choice::kDeclined;
    default:
      return std::nullopt;
  }
}

// A later choice of the same kind says everything that the earlier one did.
void FoldChoice(Choice choice, const LedgerEntry& entry, policy::Standing& standing) {
  std::erase_if(standing.choices, [&](const policy::PurposeChoice& each) {
    return each.choice == choice && each.purpose == entry.purpose &&
           each.category == entry.category && each.notice == entry.notice;
  });
  standing.choices.push_back(
      {entry.purpose, entry.category, choice, entry.sequence, entry.notice, entry.policy_version});
}

void FoldNotice(const LedgerEntry& entry, policy::Standing& standing) {
  const auto known =
      std::find_if(standing.notices.begin(), standing.notices.end(),
                   [&](const policy::NoticeShown& each) { return each.notice == entry.notice; });
  if (known == standing.notices.end()) {
    standing.notices.push_back({entry.notice, entry.at});
  } else {
    known->at = std::min(known->at, entry.at);
  }
}

}  // namespace

void Fold(const LedgerEntry& entry, LedgerState& state) {
  BAILEE_CHECK(entry.sequence == state.entries + 1);
  state.entries = entry.sequence;
  policy::Standing& standing = state.standing;
  if (const auto choice = ChoiceOf(entry.kind)) return FoldChoice(*choice, entry, standing);
  const auto is_hold = [&](const policy::Hold& each) {
    return each.category == entry.category && each.reference == entry.reference;
  };
  switch (entry.kind) {
    case LedgerKind::kNoticeShown:
      return FoldNotice(entry, standing);
    case LedgerKind::kNamedEvent:
      standing.events.push_back({entry.name, entry.at});
      return;
    case LedgerKind::kHold:
      std::erase_if(standing.holds, is_hold);
      standing.holds.push_back({entry.category, entry.reference});
      return;
    case LedgerKind::kRelease:
      std::erase_if(standing.holds, is_hold);
      return;
    case LedgerKind::kRestricted:
    case LedgerKind::kUnrestricted:
      standing.restricted = entry.kind == LedgerKind::kRestricted;
      return;
    case LedgerKind::kErasureAsked:
      standing.erasure_waits = true;
      return;
    case LedgerKind::kAgreed:
      std::erase(standing.agreed_versions, entry.policy_version);
      standing.agreed_versions.push_back(entry.policy_version);
      return;
    default:
      return;
  }
}

Result<Bytes> EncodeStanding(const LedgerState& state) {
  Bytes bytes;
  if (state.entries == 0) return bytes;
  const policy::Standing& standing = state.standing;
  Writer writer(bytes);
  const uint8_t flags = static_cast<uint8_t>((standing.restricted ? kRestricted : 0) |
                                             (standing.erasure_waits ? kErasureWaits : 0));
  writer.Put(kStandingVersion).Put(state.entries).Put(flags);
  PutList(writer, standing.choices, [&](const policy::PurposeChoice& each) {
    writer.Put(static_cast<uint8_t>(each.choice));
    PutText(writer, each.purpose);
    PutText(writer, each.category);
    PutText(writer, each.notice);
    writer.Put(each.sequence).Put(each.version);
  });
  PutList(writer, standing.events, [&](const policy::NamedEvent& each) {
    PutText(writer, each.event);
    writer.Put(each.at.unix_ms);
  });
  PutList(writer, standing.holds, [&](const policy::Hold& each) {
    PutText(writer, each.category);
    PutText(writer, each.reference);
  });
  PutList(writer, standing.notices, [&](const policy::NoticeShown& each) {
    PutText(writer, each.notice);
    writer.Put(each.at.unix_ms);
  });
  PutList(writer, standing.agreed_versions, [&](uint32_t version) { writer.Put(version); });
  if (bytes.size() > kStandingBytesMax) return Full();
  return bytes;
}

Result<LedgerState> DecodeStanding(ByteView bytes) {
  LedgerState state;
  if (bytes.empty()) return state;
  Reader reader(bytes);
  const auto version = reader.Get<uint8_t>();
  state.entries = reader.Get<uint64_t>();
  const auto flags = reader.Get<uint8_t>();
  policy::Standing& standing = state.standing;
  bool known =
      version == kStandingVersion && state.entries > 0 && flags <= (kRestricted | kErasureWaits);
  standing.restricted = (flags & kRestricted) != 0;
  standing.erasure_waits = (flags & kErasureWaits) != 0;
  GetList(reader, standing.choices, [&] {
    policy::PurposeChoice each;
    const auto choice = reader.Get<uint8_t>();
    known = known && choice >= 1 && choice <= static_cast<uint8_t>(Choice::kDeclined);
    each.choice = static_cast<Choice>(choice);
    each.purpose = GetText(reader);
    each.category = GetText(reader);
    each.notice = GetText(reader);
    each.sequence = reader.Get<uint64_t>();
    each.version = reader.Get<uint32_t>();
    return each;
  });
  GetList(reader, standing.events, [&] {
    std::string event = GetText(reader);
    return policy::NamedEvent{std::move(event), {reader.Get<int64_t>()}};
  });
  GetList(reader, standing.holds, [&] {
    std::string category = GetText(reader);
    return policy::Hold{std::move(category), GetText(reader)};
  });
  GetList(reader, standing.notices, [&] {
    std::string notice = GetText(reader);
    return policy::NoticeShown{std::move(notice), {reader.Get<int64_t>()}};
  });
  GetList(reader, standing.agreed_versions, [&] { return reader.Get<uint32_t>(); });
  if (!reader.complete() || !known) return keys::DamagedSubject();
  return state;
}

}  // namespace bailee::vault
