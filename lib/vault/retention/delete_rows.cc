// SPDX-License-Identifier: Apache-2.0
#include "vault/retention/delete_rows.h"

#include "base/codec.h"
#include "base/try.h"
#include "keys/pending.h"
#include "record/row.h"
#include "vault/frame/due.h"
#include "vault/frame/session_impl.h"
#include "vault/frame/writable_subject.h"
#include "vault/ledger/align_wraps.h"
#include "vault/ledger/move_records.h"

namespace bailee::vault {
namespace {

using store::Table;

constexpr size_t kLookupsPerLook = 4096;  // and at most so many are deleted in one transaction

Result<std::vector<Bytes>> KeysUnder(store::Snapshot& snapshot, Table table, const Bytes& prefix) {
  std::vector<Bytes> keys;
  BAILEE_RETURN_IF_ERROR(snapshot.Scan(table, prefix, {}, [&](ByteView key, ByteView) {
    keys.emplace_back(key.begin(), key.end());
    return true;
  }));
  return keys;
}

Bytes HandlePrefix(const Handle& handle) {
  Bytes prefix;
  Writer(prefix).Put(handle.view());
  return prefix;
}

// The groups of a subject that still have a record.
Result<std::set<GroupId>> GroupsLeft(store::Snapshot& snapshot, const Handle& handle) {
  std::set<GroupId> groups;
  BAILEE_RETURN_IF_ERROR(
      snapshot.Scan(Table::kRecords, HandlePrefix(handle), {}, [&](ByteView key, ByteView value) {
        const Result<record::RecordRow> row = record::ParseRecordRow(value);
        if (row.ok() && key.size() == kRecordKeyBytes)
          groups.insert({DecodeRecordKey(key).category, row->head().terms});
        return true;
      }));
  return groups;
}

Status DeleteAll(store::WriteTransaction& transaction, Table table,
                 const std::vector<Bytes>& keys) {
  for (const Bytes& key : keys) BAILEE_RETURN_IF_ERROR(transaction.Delete(table, key));
  return Status();
}

Status DeleteGroup(const Frame& frame, const Handle& handle, const GroupId& group) {
  Bytes prefix;
  Writer(prefix).Put(keys::WrapsRowsPrefix(handle)).Put(group.first.view());
  BAILEE_TRY(std::vector<Bytes> keys, KeysUnder(*frame.snapshot, Table::kSubjects, prefix));
  std::erase_if(keys, [&](const Bytes& key) {
    const std::optional<keys::WrapsRowName> name = keys::ParseWrapsRowKey(key);
    return !name || name->terms != group.second;
  });
  BAILEE_RETURN_IF_ERROR(DeleteAll(*frame.transaction, Table::kSubjects, keys));
  Bytes key;
  Writer(key).Put(handle.view()).Put(group.first.view()).Put(group.second.view());
  return frame.transaction->Delete(Table::kKeywork, key);
}

// Its row and the row under its ref. Returns whether it was empty.
Result<bool> DeleteSubject(VaultImpl& vault, const Frame& frame, const Handle& handle) {
  BAILEE_TRY(const std::optional<WritableSubject> subject, FindForWrite(vault, frame, handle));
  if (!subject || subject->ledger.entries > 0) return false;
  BAILEE_TRY(const std::vector<Bytes> disclosed,
             KeysUnder(*frame.snapshot, Table::kDisclosures, HandlePrefix(handle)));
  if (!disclosed.empty()) return false;
  if (subject->subject.ref.size_bytes() > 0) {
    BAILEE_RETURN_IF_ERROR(subject->subject.ref.Reveal([&](std::string_view ref) -> Status {
      const bool tag = subject->subject.kind == keys::SubjectKind::kTag;
      BAILEE_TRY(const VaultImpl::Ref listed, vault.RefTag(tag ? Who::Tag(ref) : Who::Ref(ref)));
      BAILEE_RETURN_IF_ERROR(OweShardOf(*frame.transaction, listed.tag));
      return keys::DeleteRef(*frame.transaction, listed.domain, listed.tag);
    }));
  }
  BAILEE_RETURN_IF_ERROR(
      frame.transaction->Delete(Table::kSubjects, keys::SubjectRowKeyOf(handle)));
  BAILEE_RETURN_IF_ERROR(OweShardOf(*frame.transaction, handle.bytes));
  return true;
}

// What was deleted of somebody who stays must not open with the S that they have.
Status RenewSubject(VaultImpl& vault, const Frame& frame, const Handle& handle) {
  BAILEE_TRY(std::optional<WritableSubject> subject, FindForWrite(vault, frame, handle));
  if (!subject) return Status();
  BAILEE_RETURN_IF_ERROR(AlignWraps(vault, frame, *subject, Renew::kAlways).status());
  return PutSubject(vault, frame, *subject);
}

class LookupSweep {
 public:
  LookupSweep(VaultImpl& vault, Frame& frame)
      : vault_(vault), frame_(frame), categories_(CategoriesOfIndexes(*frame.rules())) {}

  // Whether what a row leads to, or something of it, is gone. What does not open stays: its reader
  // says so.
  Result<bool> HasDead(ByteView key, ByteView value) {
    if (const Result<keys::PendingKey> pending = keys::ParsePendingKey(key); pending.ok()) {
      BAILEE_TRY(const std::optional<ByteView> row,
                 frame_.snapshot->Get(Table::kSubjects, keys::SubjectRowKeyOf(pending->handle)));
      return !row;
    }
    if (const std::optional<Handle> owner = keys::OwnerOfBackRow(key)) {
      BAILEE_TRY(const Back back, OpenBack(*owner, key, value));
      return back.has_dead;
    }
    return IsDead(key, value);
  }

  // In a write: deletes it, or takes what is gone out of it. REQUIRES: HasDead.
  Status Sweep(ByteView key, ByteView value) {
    if (const std::optional<Handle> owner = keys::OwnerOfBackRow(key)) {
      BAILEE_TRY(const Back back, OpenBack(*owner, key, value));
      if (!back.live.empty())
        return keys::ReplaceBackRow(vault_.id(), *frame_.transaction,
                                    {*owner, back.subject->subject().history}, key, back.live,
                                    vault_.random());
    }
    const auto tag = keys::TagOfField(key);
    BAILEE_RETURN_IF_ERROR(frame_.transaction->Delete(Table::kLookup, key));
    return tag ? OweShardOf(*frame_.transaction, *tag) : Status();
  }

 private:
  // A back row without its entries about rows that are gone, or go.
  struct Back {
    std::shared_ptr<const OpenedSubject> subject;  // null: gone, and all of it with them
    keys::BackEntries live;
    bool has_dead = false;
  };

  Result<Back> OpenBack(const Handle& owner, ByteView key, ByteView value) {
    Back back;
    BAILEE_TRY(back.subject, vault_.LoadSubject(frame_, owner));
    back.has_dead = back.subject == nullptr;
    if (back.has_dead) return back;
    const Result<keys::BackEntries> entries =
        keys::OpenBackRow(vault_.id(), {owner, back.subject->subject().history}, key, value);
    if (!entries.ok() && entries.status().code() == Code::kDamage) return back;
    if (!entries.ok()) return entries.status();
    for (const keys::BackEntry& entry : *entries) {
      BAILEE_TRY(const std::optional<ByteView> row,
                 frame_.snapshot->Get(Table::kLookup, entry.field_key));
      BAILEE_TRY(const bool dead, row ? IsDead(entry.field_key, *row) : Result<bool>(true));
      if (!dead) back.live.push_back(entry);
      back.has_dead = back.has_dead || dead;
    }
    return back;
  }

  // Of a row of a field: whether its record is gone.
  Result<bool> IsDead(ByteView key, ByteView value) {
    const Result<keys::OpenedRow> row =
        keys::OpenFieldRow(vault_.LookupOf(frame_), *frame_.snapshot, key, value);
    if (!row.ok()) return row.status().code() == Code::kDamage ? Result<bool>(false) : row.status();
    const auto known = categories_.find(row->index.id);
    if (known == categories_.end()) return false;
    for (const crypto::NameId& category : known->second) {
      BAILEE_TRY(const std::optional<ByteView> record,
                 frame_.snapshot->Get(Table::kRecords,
                                      RecordKeyOf(row->hit.handle, category, row->hit.record)));
      if (record) return false;
    }
    return true;
  }

  VaultImpl& vault_;
  Frame& frame_;
  const CategoriesByIndex categories_;
};

struct Dead {
  std::vector<Bytes> keys;
  Bytes next;
};

Result<Dead> SomeDead(VaultImpl& vault, const Bytes& from) {
  BAILEE_TRY(Frame frame, vault.Begin());
  LookupSweep sweep(vault, frame);
  Dead dead;
  size_t rows = 0;
  Status problem;
  BAILEE_RETURN_IF_ERROR(
      frame.snapshot->Scan(Table::kLookup, {}, from, [&](ByteView key, ByteView value) {
        if (rows++ == kLookupsPerLook) {
          dead.next.assign(key.begin(), key.end());
          return false;
        }
        if (!keys::LeadsToRecord(key)) return true;
        const Result<bool> is_dead = sweep.HasDead(key, value);
        problem = is_dead.status();
        if (problem.ok() && *is_dead) dead.keys.emplace_back(key.begin(), key.end());
        return problem.ok();
      }));
  if (!problem.ok()) return problem;
  return dead;
}

}  // namespace

CategoriesByIndex CategoriesOfIndexes(const Rules& rules) {
  CategoriesByIndex categories;
  for (const auto& [version, bound] : rules.policies) {
    for (const CategoryBinding& category : bound->categories) {
      for (const auto& indexes : category.indexes) {
        for (const IndexBinding& index : indexes) categories[index.index.id].insert(category.id);
      }
    }
  }
  return categories;
}

Result<size_t> DeleteWhatIsEmpty(VaultImpl& vault, const Frame& frame,
                                 std::span<const EventRecord> deleted) {
  std::map<Handle, std::set<GroupId>> touched;
  for (const EventRecord& each : deleted) touched[each.handle].insert({each.category, each.terms});
  size_t subjects = 0;
  for (const auto& [handle, groups] : touched) {
    BAILEE_TRY(const std::set<GroupId> left, GroupsLeft(*frame.snapshot, handle));
    bool any = false;
    for (const GroupId& group : groups) {
      if (left.contains(group)) continue;
      any = true;
      BAILEE_RETURN_IF_ERROR(DeleteGroup(frame, handle, group));
    }
    bool gone = false;
    if (left.empty()) {
      BAILEE_TRY(gone, DeleteSubject(vault, frame, handle));
    }
    if (gone) ++subjects;
    if (any && !gone) BAILEE_RETURN_IF_ERROR(RenewSubject(vault, frame, handle));
  }
  return subjects;
}

Result<uint64_t> DeleteDeadLookups(VaultImpl& vault) {
  uint64_t deleted = 0;
  Bytes from;
  do {
    BAILEE_TRY(const Dead dead, SomeDead(vault, from));
    size_t now = 0;
    if (!dead.keys.empty()) {
      BAILEE_RETURN_IF_ERROR(vault.Write([&](Frame& frame) -> Status {
        now = 0;
        LookupSweep sweep(vault, frame);
        for (const Bytes& key : dead.keys) {
          BAILEE_TRY(const std::optional<ByteView> value,
                     frame.transaction->Get(Table::kLookup, key));
          if (!value) continue;
          BAILEE_TRY(const bool still, sweep.HasDead(key, *value));
          if (!still) continue;
          BAILEE_RETURN_IF_ERROR(sweep.Sweep(key, *value));
          ++now;
        }
        return Status();
      }));
    }
    deleted += now;
    from = dead.next;
  } while (!from.empty());
  return deleted;
}

}  // namespace bailee::vault
