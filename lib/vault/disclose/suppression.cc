// SPDX-License-Identifier: Apache-2.0
#include "vault/disclose/suppression.h"

#include <string>

#include "bailee/limits.h"
#include "base/codec.h"
#include "base/try.h"
#include "keys/issue.h"
#include "record/kind.h"

namespace bailee::vault {
namespace {

using store::Table;

// Before the tag in the key of a row of `ledger`; other rows there begin with other bytes.
constexpr uint8_t kListPrefix = 0x02;
constexpr uint8_t kListRow[] = {1};
constexpr size_t kListKeyBytes = 17;

Bytes ListKeyOf(ByteView tag) {
  Bytes key{kListPrefix};
  key.reserve(kListKeyBytes);
  key.insert(key.end(), tag.begin(), tag.end());
  return key;
}

Status TooMany() {
  return Status(Code::kInvalidValue, "suppress.too-many",
                "one call changes at most 10,000 entries of the list", "make several calls");
}

Event EventOf(std::string_view said, const std::string& count,
              std::array<audit::Detail, 2>& details) {
  details = {audit::Detail{audit::What::kSaid, said}, audit::Detail{audit::What::kCount, count}};
  return {.kind = EventKind::kSuppress, .outcome = Outcome::kAllowed, .details = details};
}

// Sets or deletes these rows in one transaction with their event.
Status Apply(VaultImpl& vault, std::span<const SuppressionTag> tags, ListChange change,
             std::string_view said, SuppressOutcome& outcome) {
  const std::vector<size_t> places = std::move(outcome.invalid);
  return vault.Write([&](Frame& frame) -> Status {
    outcome = {.invalid = places};
    for (const SuppressionTag& tag : tags) {
      const Bytes key = ListKeyOf(tag.view());
      BAILEE_TRY(const std::optional<ByteView> row, frame.snapshot->Get(Table::kLedger, key));
      const bool wanted = change == ListChange::kAdd;
      if (row.has_value() == wanted) {
        ++outcome.unchanged;
        continue;
      }
      ++outcome.changed;
      BAILEE_RETURN_IF_ERROR(wanted ? frame.transaction->Put(Table::kLedger, key, kListRow)
                                    : frame.transaction->Delete(Table::kLedger, key));
    }
    const std::string count = std::to_string(outcome.changed);
    std::array<audit::Detail, 2> details;
    BAILEE_TRY([[maybe_unused]] const DecisionId decision,
               vault.RecordWrite(frame, EventOf(said, count, details)));
    return Status();
  });
}

// Records that it was not done, and says why.
Status NotDone(VaultImpl& vault, const Status& why, std::string_view said) {
  BAILEE_TRY(const Frame frame, vault.Begin());
  const Refusal* refusal = why.refusal();
  const std::vector<Reason> reasons = refusal == nullptr ? std::vector<Reason>() : refusal->reasons;
  const audit::Detail detail{audit::What::kSaid, said};
  BAILEE_TRY(
      const DecisionId decision,
      vault.Record(frame, {.kind = EventKind::kSuppress,
                           .outcome = refusal == nullptr ? Outcome::kFailed : Outcome::kRefused,
                           .reasons = reasons,
                           .details = {&detail, 1}}));
  return WithDecision(why, decision);
}

}  // namespace

Result<Secret> AddressForm(const Secret& address) {
  BAILEE_TRY(const Secret canonical, address.Reveal([](std::string_view raw) {
    return record::Normalise(Kind::kEmail, raw, record::KindBytesMax(Kind::kEmail));
  }));
  return canonical.Reveal(
      [](std::string_view text) { return record::IndexForm(Kind::kEmail, text); });
}

Result<bool> IsSuppressed(VaultImpl& vault, store::Snapshot& snapshot, std::string_view form) {
  BAILEE_TRY(const std::optional<ByteView> row,
             snapshot.Get(Table::kLedger, ListKeyOf(vault.SuppressionTag(form))));
  return row.has_value();
}

Result<bool> SuppressAddress(VaultImpl& vault, const Frame& frame, const Secret& address) {
  BAILEE_TRY(const Secret form, AddressForm(address));
  const Bytes key =
      ListKeyOf(form.Reveal([&](std::string_view text) { return vault.SuppressionTag(text); }));
  BAILEE_TRY(const std::optional<ByteView> row, frame.snapshot->Get(Table::kLedger, key));
  if (row) return false;
  BAILEE_RETURN_IF_ERROR(frame.transaction->Put(Table::kLedger, key, kListRow));
  return true;
}

Result<SuppressOutcome> ChangeList(VaultImpl& vault, std::span<const Secret> addresses,
                                   ListChange change) {
  BAILEE_RETURN_IF_ERROR(vault.RequireOpener());
  const std::string_view said = change == ListChange::kAdd ? "suppressed" : "unsuppressed";
  if (addresses.size() > limits::kBatchRecordsMax) return NotDone(vault, TooMany(), said);
  if (change == ListChange::kRemove && vault.keyring().FindPurpose(keys::kRights) == nullptr) {
    return NotDone(vault,
                   NotForThisKeyring("taking an address off the list is for rights",
                                     "open the vault with a keyring granted rights"),
                   said);
  }
  SuppressOutcome outcome;
  std::vector<SuppressionTag> tags;
  tags.reserve(addresses.size());
  for (size_t i = 0; i < addresses.size(); ++i) {
    const Result<Secret> form = AddressForm(addresses[i]);
    if (form.ok()) {
      tags.push_back({form->Reveal([&](std::string_view t) { return vault.SuppressionTag(t); })});
    } else if (form.status().code() == Code::kInvalidValue) {
      outcome.invalid.push_back(i);
    } else {
      return NotDone(vault, form.status(), said);
    }
  }
  BAILEE_RETURN_IF_ERROR(Apply(vault, tags, change, said, outcome));
  return outcome;
}

Result<SuppressOutcome> AddTags(VaultImpl& vault, std::span<const SuppressionTag> tags) {
  if (tags.size() > limits::kBatchRecordsMax) return NotDone(vault, TooMany(), "suppressed");
  SuppressOutcome outcome;
  BAILEE_RETURN_IF_ERROR(Apply(vault, tags, ListChange::kAdd, "suppressed", outcome));
  return outcome;
}

Result<std::vector<SuppressionTag>> ListTags(VaultImpl& vault,
                                             const std::optional<SuppressionTag>& after,
                                             size_t count_max) {
  BAILEE_TRY(const Frame frame, vault.Begin());
  std::vector<SuppressionTag> tags;
  const Bytes from = after ? ListKeyOf(after->view()) : Bytes();
  const Bytes prefix = {kListPrefix};
  BAILEE_RETURN_IF_ERROR(
      frame.snapshot->Scan(Table::kLedger, prefix, from, [&](ByteView key, ByteView) {
        if (tags.size() >= count_max) return false;
        if (key.size() != kListKeyBytes) return true;
        const SuppressionTag tag{Reader(key.subspan(1)).GetArray<16>()};
        if (tag != after) tags.push_back(tag);
        return tags.size() < count_max;
      }));
  const std::string count = std::to_string(tags.size());
  std::array<audit::Detail, 2> details;
  BAILEE_TRY([[maybe_unused]] const DecisionId decision,
             vault.Record(frame, EventOf("listed", count, details)));
  return tags;
}

}  // namespace bailee::vault
