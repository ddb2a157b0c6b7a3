// SPDX-License-Identifier: Apache-2.0
#include "vault/ledger/keywork.h"

#include <algorithm>

#include "base/codec.h"
#include "base/try.h"

namespace bailee::vault {
namespace {

using keys::WrapSet;
using store::Table;

constexpr uint8_t kKeyworkRowVersion = 1;

Status DamagedKeywork() {
  return Status(Code::kDamage, "keywork.damaged", "a list of key work is damaged",
                "run upkeep with the upkeep keyring: it makes the list again");
}

Bytes KeyworkKeyOf(const RecordGroup& group) {
  Bytes key;
  Writer(key).Put(group.handle.view()).Put(group.category.view()).Put(group.terms.view());
  return key;
}

std::vector<uint32_t> Generations(const WrapSet& wraps) {
  std::vector<uint32_t> numbers;
  for (const keys::Wrap& wrap : wraps.wraps()) {
    if (numbers.empty() || numbers.back() != wrap.generation) numbers.push_back(wrap.generation);
  }
  return numbers;
}

// Does the work of one group.
class Worker {
 public:
  Worker(VaultImpl& vault, const Frame& frame, WritableSubject& subject, const BoundGroup& bound)
      : vault_(vault), frame_(frame), subject_(subject), bound_(bound) {}

  Result<WorkDone> Do(Owed& owed, size_t& records_max) {
    for (const auto& [compartment, fresh] : Owed(owed)) {
      BAILEE_TRY(const bool settled, DoCompartment(compartment, fresh));
      if (settled) owed.erase(compartment);
    }
    if (!moves_.empty()) {
      BAILEE_TRY(const bool complete,
                 MoveRecords(*frame_.transaction, vault_.keyring(), subject_.subject, bound_.group,
                             moves_, vault_.random(), records_max));
      if (complete) BAILEE_RETURN_IF_ERROR(Drop(owed));
    }
    done_.left = !owed.empty();
    return done_;
  }

 private:
  // Adds what is missing; plans the move of what must not stay. Returns whether that was all.
  Result<bool> DoCompartment(uint16_t compartment, uint32_t fresh) {
    Move move;
    move.place = bound_.group.Compartment(subject_.subject, compartment);
    BAILEE_TRY(const std::optional<ByteView> row,
               frame_.transaction->Get(Table::kSubjects, keys::WrapsRowKeyOf(move.place)));
    if (!row) return true;  // nothing lies there any longer
    BAILEE_TRY(move.wraps, WrapSet::Open(move.place, subject_.subject.key, *row));
    const std::vector<keys::WrapRecipient> entitled =
        bound_.Entitled(frame_, subject_.standing(), compartment);
    const size_t made_before = done_.wraps_made;
    BAILEE_TRY(bool all, AddMissing(move, entitled, fresh));
    if (fresh > 0) {
      BAILEE_TRY(const bool planned, PlanMove(move, entitled, fresh));
      if (!planned) all = false;
    }
    if (done_.wraps_made > made_before) {
      BAILEE_TRY(const Bytes sealed,
                 move.wraps.Seal(move.place, subject_.subject.key, vault_.random()));
      BAILEE_RETURN_IF_ERROR(
          frame_.transaction->Put(Table::kSubjects, keys::WrapsRowKeyOf(move.place), sealed));
    }
    if (fresh == 0) return all;
    if (move.to != 0) {
      whole_[compartment] = all;
      moves_.emplace(compartment, std::move(move));
    }
    return false;
  }

  Status Add(Move& move, uint32_t generation, const crypto::CompartmentKey& key,
             const std::vector<keys::WrapRecipient>& recipients) {
    BAILEE_RETURN_IF_ERROR(
        move.wraps.Add(move.place, generation, key, recipients, boxes_, vault_.random()));
    done_.wraps_made += recipients.size();
    return Status();
  }

  // Gives every generation that stays the wraps it lacks. Returns whether D of all was at hand.
  Result<bool> AddMissing(Move& move, const std::vector<keys::WrapRecipient>& entitled,
                          uint32_t fresh) {
    bool all = true;
    for (const uint32_t generation : Generations(move.wraps)) {
      if (generation < fresh) continue;
      std::vector<keys::WrapRecipient> missing;
      for (const keys::WrapRecipient& each : entitled) {
        if (move.wraps.Find(each.purpose, each.key_version, generation) == nullptr)
          missing.push_back(each);
      }
      if (missing.empty()) continue;
      const keys::Wrap* held = HeldWrap(move.wraps, generation, vault_.keyring());
      all = all && held != nullptr;
      if (held == nullptr) continue;
      BAILEE_TRY(const crypto::CompartmentKey key, OpenHeld(move.place, *held, vault_.keyring()));
      BAILEE_RETURN_IF_ERROR(Add(move, generation, key, missing));
    }
    return all;
  }

  // Finds or makes the generation to move to, and opens those to move from. Returns whether all of
  // them opened. `move.to` stays 0 if there is nothing that this process could do.
  Result<bool> PlanMove(Move& move, const std::vector<keys::WrapRecipient>& entitled,
                        uint32_t fresh) {
    bool all = true;
    bool any_old = false;
    const keys::Wrap* own = nullptr;
    for (const uint32_t generation : Generations(move.wraps)) {
      const keys::Wrap* held = HeldWrap(move.wraps, generation, vault_.keyring());
      if (generation >= fresh) {
        own = held != nullptr ? held : own;
        continue;
      }
      any_old = true;
      all = all && held != nullptr;
      if (held == nullptr) continue;
      BAILEE_TRY(crypto::CompartmentKey key, OpenHeld(move.place, *held, vault_.keyring()));
      move.from.emplace(generation, std::move(key));
    }
    if (any_old && move.from.empty()) return false;
    if (own != nullptr) {
      move.to = own->generation;
      BAILEE_TRY(move.to_key, OpenHeld(move.place, *own, vault_.keyring()));
      return all;
    }
    const bool can_read_again = std::any_of(entitled.begin(), entitled.end(),
                                            [](const auto& each) { return each.key != nullptr; });
    if (!can_read_again) return false;
    const uint32_t to = std::max(fresh, move.wraps.NextGeneration());
    BAILEE_TRY(move.to_key, crypto::CompartmentKey::Generate(vault_.random()));
    BAILEE_RETURN_IF_ERROR(Add(move, to, move.to_key, entitled));
    move.to = to;
    return all;
  }

  Status Drop(Owed& owed) {
    BAILEE_RETURN_IF_ERROR(
        DropMoved(*frame_.transaction, subject_.subject, moves_, vault_.random()));
    subject_.changed = true;
    for (const auto& [compartment, whole] : whole_) {
      ++done_.renewed;
      if (whole) owed.erase(compartment);
    }
    return Status();
  }

  VaultImpl& vault_;
  const Frame& frame_;
  WritableSubject& subject_;
  const BoundGroup& bound_;
  keys::LazyBoxSender boxes_;
  Moves moves_;
  std::map<uint16_t, bool> whole_;  // by compartment: every older generation opened
  WorkDone done_;
};

}  // namespace

std::vector<keys::WrapRecipient> BoundGroup::Entitled(const Frame& frame,
                                                      const policy::Standing& standing,
                                                      uint16_t compartment) const {
  return EntitledRecipients({.rules = *frame.rules(),
                             .collected = *terms->bound,
                             .terms = terms->indexes,
                             .category = category,
                             .compartment = {compartment},
                             .collected_at = collected_at,
                             .now = frame.now},
                            standing);
}

Result<std::optional<BoundGroup>> BindGroup(VaultImpl& vault, const Frame& frame,
                                            const Handle& handle, const crypto::NameId& category,
                                            const crypto::TermsId& terms) {
  BoundGroup bound;
  BAILEE_TRY(bound.terms, vault.terms().Get(*frame.snapshot, vault.id(), frame.rules(), terms));
  const BoundPolicy& collected = *bound.terms->bound;
  for (size_t i = 0; i < collected.categories.size(); ++i) {
    if (collected.categories[i].id != category) continue;
    bound.category = {static_cast<uint16_t>(i)};
    const auto count = collected.policy->category(bound.category).compartments.size();
    bound.group = {vault.id(), handle, category, terms, static_cast<uint16_t>(count)};
    const policy::Bucket bucket =
        collected.policy->BucketAt(bound.category, bound.terms->expiry_bucket);
    bound.collected_at = {bucket.before.unix_ms - 1};
    return std::optional<BoundGroup>(std::move(bound));
  }
  return std::optional<BoundGroup>();
}

Result<KeyworkRow> ParseKeywork(ByteView key, ByteView value) {
  Reader in_key(key);
  KeyworkRow row{{in_key.GetArray<16>()}, {in_key.GetArray<8>()}, {in_key.GetArray<16>()}, {}};
  Reader reader(value);
  const auto version = reader.Get<uint8_t>();
  const auto count = reader.Get<uint8_t>();
  for (uint8_t i = 0; i < count; ++i) {
    const auto compartment = reader.Get<uint16_t>();
    row.owed[compartment] = reader.Get<uint32_t>();
  }
  const bool whole = in_key.complete() && reader.complete() && row.owed.size() == count;
  if (!whole || version != kKeyworkRowVersion || count == 0) return DamagedKeywork();
  return row;
}

Result<Owed> ReadOwed(store::Snapshot& snapshot, const RecordGroup& group) {
  const Bytes key = KeyworkKeyOf(group);
  BAILEE_TRY(const std::optional<ByteView> value, snapshot.Get(Table::kKeywork, key));
  if (!value) return Owed();
  BAILEE_TRY(KeyworkRow row, ParseKeywork(key, *value));
  return std::move(row.owed);
}

Status PutOwed(store::WriteTransaction& transaction, const RecordGroup& group, const Owed& owed) {
  if (owed.empty()) return transaction.Delete(Table::kKeywork, KeyworkKeyOf(group));
  Bytes value;
  Writer writer(value);
  writer.Put(kKeyworkRowVersion).Put(static_cast<uint8_t>(owed.size()));
  for (const auto& [compartment, fresh] : owed) writer.Put(compartment).Put(fresh);
  return transaction.Put(Table::kKeywork, KeyworkKeyOf(group), value);
}

Result<WorkDone> DoKeywork(VaultImpl& vault, const Frame& frame, WritableSubject& subject,
                           const BoundGroup& bound, Owed owed, size_t& records_max) {
  BAILEE_TRY(WorkDone done, Worker(vault, frame, subject, bound).Do(owed, records_max));
  BAILEE_RETURN_IF_ERROR(PutOwed(*frame.transaction, bound.group, owed));
  return done;
}

}  // namespace bailee::vault
