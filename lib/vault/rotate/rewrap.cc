// SPDX-License-Identifier: Apache-2.0
#include "vault/rotate/rewrap.h"

#include <algorithm>

#include "base/check.h"
#include "base/codec.h"
#include "base/try.h"
#include "vault/frame/session_impl.h"
#include "vault/ledger/align_wraps.h"

namespace bailee::vault {
namespace {

using keys::WrapSet;
using store::Table;

constexpr size_t kRewrapsPerWrite = 64;
constexpr size_t kRenewalsPerWrite = 8;

// What is done to the wraps of one compartment.
class Change {
 public:
  virtual ~Change() = default;
  virtual bool Concerns(const WrapSet& wraps) const = 0;
  virtual Status Apply(VaultImpl& vault, const keys::WrapPlace& place, WrapSet& wraps) const = 0;
  virtual bool renews() const { return false; }
};

bool Lacks(const WrapSet& wraps, const keys::Wrap& wrap, const Rewrap& rewrap) {
  return wrap.purpose == rewrap.purpose && wrap.key_version == rewrap.from &&
         wraps.Find(rewrap.purpose, rewrap.to, wrap.generation) == nullptr;
}

class Addition final : public Change {
 public:
  explicit Addition(const Rewrap& rewrap) : rewrap_(rewrap) {}

  bool Concerns(const WrapSet& wraps) const override {
    return std::any_of(wraps.wraps().begin(), wraps.wraps().end(),
                       [&](const keys::Wrap& wrap) { return Lacks(wraps, wrap, rewrap_); });
  }

  Status Apply(VaultImpl& vault, const keys::WrapPlace& place, WrapSet& wraps) const override {
    const keys::HeldPurpose* to = vault.keyring().FindPurpose(rewrap_.purpose, rewrap_.to);
    if (to == nullptr) return RotationKeyMissing("the new version");
    const keys::WrapRecipient recipient{to->id, to->version, &to->key, {}};
    keys::LazyBoxSender boxes;
    for (const keys::Wrap& wrap : std::vector<keys::Wrap>(wraps.wraps())) {
      if (!Lacks(wraps, wrap, rewrap_)) continue;
      const keys::HeldPurpose* from = vault.keyring().FindPurpose(wrap.purpose, wrap.key_version);
      if (from == nullptr) return RotationKeyMissing("the old version");
      BAILEE_TRY(const crypto::CompartmentKey key, keys::OpenWrap(place, wrap, from->key));
      BAILEE_RETURN_IF_ERROR(
          wraps.Add(place, wrap.generation, key, {&recipient, 1}, boxes, vault.random()));
    }
    return Status();
  }

 private:
  const Rewrap rewrap_;
};

class Removal final : public Change {
 public:
  Removal(const Rewrap& rewrap, bool renew) : rewrap_(rewrap), renew_(renew) {}

  bool IsOld(const keys::Wrap& wrap) const {
    return wrap.purpose == rewrap_.purpose && wrap.key_version == rewrap_.from;
  }
  bool Concerns(const WrapSet& wraps) const override {
    return std::any_of(wraps.wraps().begin(), wraps.wraps().end(),
                       [&](const keys::Wrap& wrap) { return IsOld(wrap); });
  }
  Status Apply(VaultImpl&, const keys::WrapPlace&, WrapSet& wraps) const override {
    wraps.RemoveIf([&](const keys::Wrap& wrap) { return IsOld(wrap); });
    return Status();
  }
  bool renews() const override { return renew_; }

 private:
  const Rewrap rewrap_;
  const bool renew_;
};

using SharedChange = std::shared_ptr<const Change>;

// S of the subject, or nothing if it is gone. Opened anew within a write.
Result<std::shared_ptr<const OpenedSubject>> SubjectOf(VaultImpl& vault, Frame& frame,
                                                       ByteView key) {
  return vault.LoadSubject(frame, {Reader(key).GetArray<16>()});
}

// REQUIRES: the key is one of a row of wraps.
keys::WrapPlace PlaceOfRow(const OpenedSubject& subject, ByteView key) {
  const std::optional<keys::WrapsRowName> name = keys::ParseWrapsRowKey(key);
  BAILEE_CHECK(name.has_value());
  return subject.Place(name->category, name->compartment, name->terms);
}

Result<bool> LookAtWrapsRow(VaultImpl& vault, Frame& frame, const Change& change, ByteView key,
                            ByteView value) {
  if (!keys::ParseWrapsRowKey(key)) return false;
  BAILEE_TRY(const auto subject, SubjectOf(vault, frame, key));
  if (subject == nullptr) return false;
  BAILEE_TRY(const WrapSet wraps,
             WrapSet::Open(PlaceOfRow(*subject, key), subject->subject().key, value));
  return change.Concerns(wraps);
}

// Takes too much away from the subject, which makes it owed what else that means.
Status Renew(VaultImpl& vault, Frame& frame, ByteView key) {
  BAILEE_TRY(std::optional<WritableSubject> subject,
             FindForWrite(vault, frame, Handle{Reader(key).GetArray<16>()}));
  if (!subject) return Status();
  BAILEE_RETURN_IF_ERROR(AlignWraps(vault, frame, *subject).status());
  return PutSubject(vault, frame, *subject);
}

Status ChangeWrapsRow(VaultImpl& vault, Frame& frame, const Change& change, ByteView key,
                      ByteView value) {
  Bytes now(value.begin(), value.end());
  if (change.renews()) {
    BAILEE_RETURN_IF_ERROR(Renew(vault, frame, key));
    BAILEE_TRY(const std::optional<ByteView> left, frame.transaction->Get(Table::kSubjects, key));
    if (!left) return Status();
    now.assign(left->begin(), left->end());
  }
  BAILEE_TRY(const auto subject, SubjectOf(vault, frame, key));
  if (subject == nullptr) return Status();
  const keys::WrapPlace place = PlaceOfRow(*subject, key);
  BAILEE_TRY(WrapSet wraps, WrapSet::Open(place, subject->subject().key, now));
  if (!change.Concerns(wraps)) return Status();
  BAILEE_RETURN_IF_ERROR(change.Apply(vault, place, wraps));
  BAILEE_TRY(const Bytes row, wraps.Seal(place, subject->subject().key, vault.random()));
  return frame.transaction->Put(Table::kSubjects, key, row);
}

// The place of wraps that travel with a record.
keys::WrapPlace PlaceOfEntry(const OpenedSubject& subject, const RecordKey& key,
                             const record::RecordRow& row, const record::RowEntry& entry) {
  keys::WrapPlace place = subject.Place(key.category, entry.compartment, row.head().terms);
  place.record = key.record;
  return place;
}

Result<bool> LookAtRecord(VaultImpl& vault, Frame& frame, const Change& change, ByteView key,
                          ByteView value) {
  if (key.size() != kRecordKeyBytes) return false;
  BAILEE_TRY(const record::RecordRow row, record::ParseRecordRow(value));
  std::shared_ptr<const OpenedSubject> subject;
  for (const record::RowEntry& entry : row) {
    if (entry.travelling.empty()) continue;
    if (subject == nullptr) {
      BAILEE_TRY(subject, SubjectOf(vault, frame, key));
      if (subject == nullptr) return false;
    }
    BAILEE_TRY(const WrapSet wraps,
               WrapSet::OpenTravelling(PlaceOfEntry(*subject, DecodeRecordKey(key), row, entry),
                                       subject->subject().key, entry.travelling));
    if (change.Concerns(wraps)) return true;
  }
  return false;
}

Status ChangeRecord(VaultImpl& vault, Frame& frame, const Change& change, ByteView key,
                    ByteView value) {
  Bytes now(value.begin(), value.end());
  if (change.renews()) {
    BAILEE_RETURN_IF_ERROR(Renew(vault, frame, key));
    BAILEE_TRY(const std::optional<ByteView> left, frame.transaction->Get(Table::kRecords, key));
    if (!left) return Status();
    now.assign(left->begin(), left->end());
  }
  BAILEE_TRY(const auto subject, SubjectOf(vault, frame, key));
  if (subject == nullptr) return Status();
  BAILEE_TRY(const record::RecordRow row, record::ParseRecordRow(now));
  std::vector<record::RowEntry> entries;
  std::vector<Bytes> sealed;
  sealed.reserve(row.size());
  for (record::RowEntry entry : row) {
    if (!entry.travelling.empty()) {
      const keys::WrapPlace place = PlaceOfEntry(*subject, DecodeRecordKey(key), row, entry);
      BAILEE_TRY(WrapSet wraps,
                 WrapSet::OpenTravelling(place, subject->subject().key, entry.travelling));
      BAILEE_RETURN_IF_ERROR(change.Apply(vault, place, wraps));
      BAILEE_TRY(Bytes travelling,
                 wraps.SealTravelling(place, subject->subject().key, vault.random()));
      sealed.push_back(std::move(travelling));
      entry.travelling = sealed.back();
    }
    entries.push_back(entry);
  }
  return frame.transaction->Put(Table::kRecords, key,
                                record::EncodeRecordRow(row.head(), entries, row.revisions()));
}

std::vector<PassPart> PartsOf(VaultImpl& vault, const SharedChange& change) {
  const size_t rows = change->renews() ? kRenewalsPerWrite : kRewrapsPerWrite;
  return {{.number = 0,
           .table = Table::kSubjects,
           .prefix = {},
           .rows_per_write = rows,
           .look =
               [&vault, change](Frame& frame, ByteView key, ByteView value) {
                 return LookAtWrapsRow(vault, frame, *change, key, value);
               },
           .work =
               [&vault, change](Frame& frame, ByteView key, ByteView value) {
                 return ChangeWrapsRow(vault, frame, *change, key, value);
               }},
          {.number = 1,
           .table = Table::kRecords,
           .prefix = {},
           .rows_per_write = rows,
           .look = [&vault, change](
                       Frame& frame, ByteView key,
                       ByteView value) { return LookAtRecord(vault, frame, *change, key, value); },
           .work =
               [&vault, change](Frame& frame, ByteView key, ByteView value) {
                 return ChangeRecord(vault, frame, *change, key, value);
               }}};
}

}  // namespace

std::vector<PassPart> AddWraps(VaultImpl& vault, const Rewrap& rewrap) {
  return PartsOf(vault, std::make_shared<const Addition>(rewrap));
}

std::vector<PassPart> DropWraps(VaultImpl& vault, const Rewrap& rewrap, bool renew) {
  return PartsOf(vault, std::make_shared<const Removal>(rewrap, renew));
}

}  // namespace bailee::vault
