// SPDX-License-Identifier: Apache-2.0
#include "vault/ledger/align_wraps.h"

#include <algorithm>

#include "base/codec.h"
#include "base/try.h"
#include "keys/pending.h"
#include "vault/frame/due.h"
#include "vault/frame/session_impl.h"

namespace bailee::vault {
namespace {

using keys::WrapSet;
using store::Table;

// A group, and what it turns out to be owed.
struct Group {
  BoundGroup bound;
  Owed owed;
};

// Wraps of one compartment, wherever they lie.
struct FoundWraps {
  Group* group = nullptr;
  uint16_t compartment = 0;
  WrapSet wraps;
};
// Wraps that travel with records, by the key of the record's row and the compartment.
using Travelling = std::map<Bytes, std::map<uint16_t, FoundWraps>>;

class Aligner {
 public:
  Aligner(VaultImpl& vault, const Frame& frame, const WritableSubject& subject)
      : vault_(vault), frame_(frame), subject_(subject) {}

  // Looks at every wrap there is and says whether none is too much or missing.
  Result<bool> Look() {
    BAILEE_RETURN_IF_ERROR(FindRows());
    BAILEE_RETURN_IF_ERROR(FindTravelling());
    for (FoundWraps& found : rows_) Examine(found, false);
    for (auto& record : travelling_) {
      for (auto& each : record.second) Examine(each.second, true);
    }
    return !owes_more_;
  }

  // REQUIRES: Look was called; within a write of the same subject.
  Result<Aligned> Settle(WritableSubject& subject, Renew renew) {
    if (aligned_.wraps_removed > 0 || renew == Renew::kAlways)
      BAILEE_RETURN_IF_ERROR(SealAll(subject));
    BAILEE_RETURN_IF_ERROR(Work(subject));
    return aligned_;
  }

 private:
  // The group, or null if nothing can be said about it.
  Result<Group*> GroupOf(const crypto::NameId& category, const crypto::TermsId& terms) {
    const GroupId id{category, terms};
    if (const auto it = groups_.find(id); it != groups_.end()) return it->second.get();
    BAILEE_TRY(std::optional<BoundGroup> bound,
               BindGroup(vault_, frame_, subject_.handle, category, terms));
    std::unique_ptr<Group> group;
    if (bound) {
      group = std::make_unique<Group>(Group{*std::move(bound), {}});
      BAILEE_TRY(group->owed, ReadOwed(*frame_.snapshot, group->bound.group));
    }
    return groups_.emplace(id, std::move(group)).first->second.get();
  }

  struct RawRow {
    Bytes key;
    Bytes value;
  };
  Result<std::vector<RawRow>> Rows(Table table, ByteView prefix) {
    std::vector<RawRow> rows;
    BAILEE_RETURN_IF_ERROR(
        frame_.snapshot->Scan(table, prefix, {}, [&](ByteView key, ByteView value) {
          rows.push_back({{key.begin(), key.end()}, {value.begin(), value.end()}});
          return true;
        }));
    return rows;
  }

  Status FindRows() {
    BAILEE_TRY(const std::vector<RawRow> rows,
               Rows(Table::kSubjects, keys::WrapsRowsPrefix(subject_.handle)));
    for (const RawRow& row : rows) {
      const std::optional<keys::WrapsRowName> name = keys::ParseWrapsRowKey(row.key);
      if (!name) continue;
      BAILEE_TRY(Group * group, GroupOf(name->category, name->terms));
      if (group == nullptr || name->compartment >= group->bound.group.compartments) continue;
      Result<WrapSet> wraps =
          WrapSet::Open(group->bound.group.Compartment(subject_.subject, name->compartment),
                        subject_.subject.key, row.value);
      if (!wraps.ok() && wraps.status().code() == Code::kDamage) continue;
      if (!wraps.ok()) return wraps.status();
      rows_.push_back({group, name->compartment, *std::move(wraps)});
    }
    return Status();
  }

  Status FindTravelling() {
    Bytes prefix;
    Writer(prefix).Put(subject_.handle.view());
    std::vector<Bytes> keys;
    BAILEE_RETURN_IF_ERROR(
        frame_.snapshot->Scan(Table::kRecords, prefix, {}, [&](ByteView key, ByteView value) {
          const Result<record::RecordRow> row = record::ParseRecordRow(value);
          if (!row.ok() || key.size() != kRecordKeyBytes) return true;
          bool travels = false;
          for (const record::RowEntry& entry : *row) travels = travels || !entry.travelling.empty();
          if (travels) keys.emplace_back(key.begin(), key.end());
          return true;
        }));
    for (const Bytes& key : keys) BAILEE_RETURN_IF_ERROR(OpenTravelling(key));
    return Status();
  }

  Status OpenTravelling(const Bytes& key) {
    BAILEE_TRY(const std::optional<ByteView> value, frame_.snapshot->Get(Table::kRecords, key));
    const Bytes copy(value->begin(), value->end());
    BAILEE_TRY(const record::RecordRow row, record::ParseRecordRow(copy));
    const RecordKey parts = DecodeRecordKey(key);
    BAILEE_TRY(Group * group, GroupOf(parts.category, row.head().terms));
    if (group == nullptr) return Status();
    for (const record::RowEntry& entry : row) {
      if (entry.travelling.empty() || entry.compartment >= group->bound.group.compartments)
        continue;
      keys::WrapPlace place = group->bound.group.Compartment(subject_.subject, entry.compartment);
      place.record = parts.record;
      Result<WrapSet> wraps =
          WrapSet::OpenTravelling(place, subject_.subject.key, entry.travelling);
      if (!wraps.ok() && wraps.status().code() == Code::kDamage) continue;
      if (!wraps.ok()) return wraps.status();
      travelling_[key].emplace(entry.compartment,
                               FoundWraps{group, entry.compartment, *std::move(wraps)});
    }
    return Status();
  }

  const std::vector<keys::WrapRecipient>& EntitledTo(Group& group, uint16_t compartment) {
    auto& known = entitled_[{&group, compartment}];
    if (known.empty()) known = group.bound.Entitled(frame_, subject_.standing(), compartment);
    return known;
  }

  // Takes away what must not be there, and notes what is owed.
  void Examine(FoundWraps& found, bool travels) {
    const std::vector<keys::WrapRecipient>& entitled = EntitledTo(*found.group, found.compartment);
    const auto is_entitled = [&](const keys::Wrap& wrap) {
      return std::any_of(entitled.begin(), entitled.end(), [&](const keys::WrapRecipient& each) {
        return each.purpose == wrap.purpose && each.key_version == wrap.key_version;
      });
    };
    const size_t before = found.wraps.wraps().size();
    const uint32_t next = travels ? 1 : found.wraps.NextGeneration();
    found.wraps.RemoveIf([&](const keys::Wrap& wrap) { return !is_entitled(wrap); });
    const size_t removed = before - found.wraps.wraps().size();
    aligned_.wraps_removed += removed;
    const bool lacks = Lacks(found.wraps, entitled);
    Owed& owed = found.group->owed;
    if (removed > 0 || (travels && lacks)) {
      uint32_t& fresh = owed[found.compartment];
      // What is owed a key above the newest there is has waited since the last time.
      owes_more_ = owes_more_ || removed > 0 || fresh == 0;
      fresh = std::max(fresh, next);
    } else if (lacks) {
      owes_more_ = owed.try_emplace(found.compartment, 0).second || owes_more_;
    }
  }

  static bool Lacks(const WrapSet& wraps, const std::vector<keys::WrapRecipient>& entitled) {
    for (const keys::Wrap& wrap : wraps.wraps()) {
      for (const keys::WrapRecipient& each : entitled) {
        if (wraps.Find(each.purpose, each.key_version, wrap.generation) == nullptr) return true;
      }
    }
    return false;
  }

  // Seals every wrap again under a new S: with the old one gone, no copy of the file opens what was
  // taken away.
  Status SealAll(WritableSubject& subject) {
    const crypto::SubjectKey old = std::move(subject.subject.key);
    BAILEE_TRY(subject.subject.key, crypto::SubjectKey::Generate(vault_.random()));
    ++subject.subject.head.generation;
    subject.changed = true;
    BAILEE_RETURN_IF_ERROR(OweShardOf(*frame_.transaction, subject.handle.bytes));
    BAILEE_RETURN_IF_ERROR(SealPending(subject, old));
    for (const FoundWraps& found : rows_) {
      const keys::WrapPlace place =
          found.group->bound.group.Compartment(subject_.subject, found.compartment);
      BAILEE_TRY(const Bytes row, found.wraps.Seal(place, subject_.subject.key, vault_.random()));
      BAILEE_RETURN_IF_ERROR(
          frame_.transaction->Put(Table::kSubjects, keys::WrapsRowKeyOf(place), row));
    }
    for (const auto& [key, sets] : travelling_) BAILEE_RETURN_IF_ERROR(SealRecord(key, sets));
    return Status();
  }

  Status SealPending(const WritableSubject& subject, const crypto::SubjectKey& old) {
    BAILEE_TRY(const std::vector<Bytes> prefixes, keys::PendingPrefixes(*frame_.snapshot));
    for (Bytes prefix : prefixes) {
      Writer(prefix).Put(subject.handle.view());
      BAILEE_TRY(const std::vector<RawRow> rows, Rows(Table::kLookup, prefix));
      for (const RawRow& row : rows) {
        const Result<Bytes> sealed = keys::ResealPending(vault_.id(), row.key, row.value, old,
                                                         subject.subject.key, vault_.random());
        if (!sealed.ok() && sealed.status().code() == Code::kDamage) continue;
        if (!sealed.ok()) return sealed.status();
        BAILEE_RETURN_IF_ERROR(frame_.transaction->Put(Table::kLookup, row.key, *sealed));
      }
    }
    return Status();
  }

  Status SealRecord(const Bytes& key, const std::map<uint16_t, FoundWraps>& sets) {
    BAILEE_TRY(const std::optional<ByteView> value, frame_.transaction->Get(Table::kRecords, key));
    const Bytes copy(value->begin(), value->end());
    BAILEE_TRY(const record::RecordRow row, record::ParseRecordRow(copy));
    std::map<uint16_t, Bytes> sealed;
    for (const auto& [compartment, found] : sets) {
      keys::WrapPlace place = found.group->bound.group.Compartment(subject_.subject, compartment);
      place.record = DecodeRecordKey(key).record;
      BAILEE_TRY(sealed[compartment],
                 found.wraps.SealTravelling(place, subject_.subject.key, vault_.random()));
    }
    std::vector<record::RowEntry> entries;
    for (record::RowEntry entry : row) {
      if (const auto it = sealed.find(entry.compartment); it != sealed.end())
        entry.travelling = it->second;
      entries.push_back(entry);
    }
    return frame_.transaction->Put(Table::kRecords, key,
                                   record::EncodeRecordRow(row.head(), entries, row.revisions()));
  }

  Status Work(WritableSubject& subject) {
    size_t records_left = kMovedRecordsMax;
    for (auto& each : groups_) {
      if (each.second == nullptr || each.second->owed.empty()) continue;
      Group& group = *each.second;
      BAILEE_TRY(const WorkDone done,
                 DoKeywork(vault_, frame_, subject, group.bound, group.owed, records_left));
      aligned_.wraps_made += done.wraps_made;
      aligned_.renewed += done.renewed;
      aligned_.left = aligned_.left || done.left;
    }
    return Status();
  }

  VaultImpl& vault_;
  const Frame& frame_;
  const WritableSubject& subject_;
  std::map<GroupId, std::unique_ptr<Group>> groups_;
  std::map<std::pair<Group*, uint16_t>, std::vector<keys::WrapRecipient>> entitled_;
  std::vector<FoundWraps> rows_;
  Travelling travelling_;
  Aligned aligned_;
  bool owes_more_ = false;  // than was known before
};

}  // namespace

Result<Aligned> AlignWraps(VaultImpl& vault, const Frame& frame, WritableSubject& subject,
                           Renew renew) {
  // Before its day a policy allows nothing, and what it will allow must not be lost until then.
  if (frame.now < frame.in_force().effective()) return Aligned();
  Aligner aligner(vault, frame, subject);
  BAILEE_RETURN_IF_ERROR(aligner.Look().status());
  return aligner.Settle(subject, renew);
}

Result<bool> IsAligned(VaultImpl& vault, const Frame& frame, const WritableSubject& subject) {
  if (frame.now < frame.in_force().effective()) return true;
  return Aligner(vault, frame, subject).Look();
}

}  // namespace bailee::vault
