// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <deque>

#include "base/codec.h"
#include "base/try.h"
#include "keys/back_rows.h"
#include "keys/lookup.h"
#include "keys/pending.h"
#include "keys/subject.h"
#include "keys/wraps.h"
#include "record/row.h"
#include "record/terms.h"
#include "vault/backup/restore.h"
#include "vault/backup/restore_retired.h"
#include "vault/frame/session_impl.h"

namespace bailee::vault {
namespace {

using store::Table;

constexpr size_t kKeyworkKeyBytes = 40;
// Below the limit of one transaction, with room for what one row makes.
constexpr uint64_t kRowsPerWrite = 10'000;

Status NoSuchKey() { return DamagedStream("a row has no key that one can have"); }

// Damage is an answer here: what does not open is not taken.
template <typename T>
Result<bool> DoesOpen(const Result<T>& opened) {
  if (opened.ok()) return true;
  if (opened.status().code() == Code::kDamage) return false;
  return opened.status();
}

// The category of each index, by its name "category.field/purpose".
std::map<crypto::NameId, crypto::NameId> CategoriesOf(const keys::Manifest& manifest) {
  std::map<crypto::NameId, crypto::NameId> categories;
  for (const keys::Manifest::Index& index : manifest.indexes)
    categories[index.id] = crypto::NameIdOf(index.name.substr(0, index.name.find('.')));
  return categories;
}

class DataRestorer {
 public:
  DataRestorer(const RestoreWorld& world, store::Engine& engine, keys::Shards& shards,
               const RetiredKeys& retired, Restored& restored)
      : world_(world),
        engine_(engine),
        shards_(shards),
        retired_(retired),
        restored_(restored),
        categories_(CategoriesOf(world.manifest)) {}

  Status Run() {
    return VisitRanges(world_.set, [&](ByteView message) -> Status {
      for (uint32_t first = 0;;) {
        BAILEE_TRY(const uint32_t next, TakeSome(message, first));
        if (next == 0) return Status();
        first = next;
      }
    });
  }

 private:
  // Takes rows of a range from `first` on, in one write: a back row makes many, and where ranges
  // end is for their writer to say. Returns with which to go on; 0 behind the last.
  Result<uint32_t> TakeSome(ByteView message, uint32_t first) {
    uint32_t next = 0;
    BAILEE_RETURN_IF_ERROR(engine_.Write([&](store::WriteTransaction& transaction) -> Status {
      counts_ = {};
      transaction_ = &transaction;
      next = 0;
      uint32_t row = 0;
      const auto table = static_cast<Table>(message.size() > 1 ? message[1] : 0);
      return ParseRows(message,
                       [&](ByteView key, ByteView value) -> Status {
                         const uint32_t number = row++;
                         if (number < first || next > 0) return Status();
                         if (counts_.rows + counts_.made >= kRowsPerWrite) {
                           next = number;
                           return Status();
                         }
                         return Take(table, key, value);
                       })
          .status();
    }));
    counts_.AddTo(restored_);
    changed_.insert(counts_.changed.begin(), counts_.changed.end());
    rows_ += counts_.rows;
    BAILEE_RETURN_IF_ERROR(TellProgress(world_, rows_));
    return next;
  }

  Status Take(Table table, ByteView key, ByteView value) {
    if (!InDataStream(table, key)) return DamagedStream("it has a row that it must not have");
    ++counts_.rows;
    switch (table) {
      case Table::kSubjects:
        return TakeWraps(key, value);
      case Table::kRecords:
        return TakeRecord(key, value);
      case Table::kLookup:
        return key[0] == keys::kPendingKind ? TakePending(key, value) : TakeBackRow(key, value);
      case Table::kKeywork:
        return TakeKeywork(key, value);
      case Table::kTerms:
        return TakeTerms(key, value);
      default:
        return transaction_->Put(table, key, value);
    }
  }

  // The subject with this handle, or null: the key stream has it not.
  Result<const keys::Subject*> SubjectOf(const Handle& handle) {
    if (known_ && *known_ == handle) return subject_ ? &*subject_ : nullptr;
    known_.reset();
    subject_.reset();
    BAILEE_TRY(const std::optional<ByteView> row,
               transaction_->Get(Table::kSubjects, keys::SubjectRowKeyOf(handle)));
    if (row) {
      const Bytes copy(row->begin(), row->end());
      BAILEE_TRY(keys::Subject subject,
                 keys::OpenSubject(world_.vault(), handle, copy, shards_, *transaction_));
      subject_.emplace(std::move(subject));
    }
    known_ = handle;
    return subject_ ? &*subject_ : nullptr;
  }

  Status TakeTerms(ByteView key, ByteView value) {
    if (key.size() != 16) return NoSuchKey();
    const crypto::TermsId id{Reader(key).GetArray<16>()};
    if (!record::ParseTerms(world_.vault(), id, value).ok())
      return DamagedStream("terms make no sense");
    return transaction_->Put(Table::kTerms, key, value);
  }

  keys::WrapPlace PlaceOf(const Handle& handle, const keys::Subject& subject,
                          const crypto::NameId& category, uint16_t compartment,
                          const crypto::TermsId& terms) const {
    return {.vault = world_.vault(),
            .handle = handle,
            .category = category,
            .record = {},
            .compartment = compartment,
            .terms = terms,
            .subject_generation = subject.head.generation};
  }

  Status TakeWraps(ByteView key, ByteView value) {
    Reader reader(key);
    const Handle handle{reader.GetArray<16>()};
    (void)reader.Get<uint8_t>();
    const crypto::NameId category{reader.GetArray<8>()};
    const auto compartment = reader.Get<uint16_t>();
    const crypto::TermsId terms{reader.GetArray<16>()};
    if (!reader.complete()) return NoSuchKey();
    BAILEE_TRY(const keys::Subject* subject, SubjectOf(handle));
    if (subject == nullptr) return Status();
    const auto place = PlaceOf(handle, *subject, category, compartment, terms);
    Result<keys::WrapSet> wraps = keys::WrapSet::Open(place, subject->key, value);
    BAILEE_TRY(const bool opens, DoesOpen(wraps));
    if (!opens) {
      counts_.changed.push_back(handle);
      return Status();
    }
    BAILEE_TRY(const bool replaced, retired_.Replace(place, *wraps, world_.random));
    if (!replaced) return transaction_->Put(Table::kSubjects, key, value);
    BAILEE_TRY(const Bytes row, wraps->Seal(place, subject->key, world_.random));
    return transaction_->Put(Table::kSubjects, key, row);
  }

  Status TakeRecord(ByteView key, ByteView value) {
    if (key.size() != kRecordKeyBytes) return NoSuchKey();
    const RecordKey parts = DecodeRecordKey(key);
    BAILEE_TRY(const keys::Subject* subject, SubjectOf(parts.handle));
    if (subject == nullptr) {
      ++counts_.records_of_erased;
      return Status();
    }
    BAILEE_TRY(const bool opens, HasKeys(parts, *subject, value));
    if (!opens) {
      ++counts_.records_outdated;
      return Status();
    }
    ++counts_.records;
    BAILEE_TRY(const Bytes row, WithPresentKeys(parts, *subject, value));
    return transaction_->Put(Table::kRecords, key, row);
  }

  // The row of a record that HasKeys, with travelling wraps of retired keys replaced.
  Result<Bytes> WithPresentKeys(const RecordKey& key, const keys::Subject& subject,
                                ByteView value) {
    BAILEE_TRY(const record::RecordRow row, record::ParseRecordRow(value));
    std::vector<record::RowEntry> entries;
    std::deque<Bytes> resealed;
    for (record::RowEntry entry : row) {
      if (!entry.travelling.empty()) {
        keys::WrapPlace place =
            PlaceOf(key.handle, subject, key.category, entry.compartment, row.head().terms);
        place.record = key.record;
        BAILEE_TRY(keys::WrapSet wraps,
                   keys::WrapSet::OpenTravelling(place, subject.key, entry.travelling));
        BAILEE_TRY(const bool replaced, retired_.Replace(place, wraps, world_.random));
        if (replaced) {
          BAILEE_TRY(Bytes sealed, wraps.SealTravelling(place, subject.key, world_.random));
          entry.travelling = resealed.emplace_back(std::move(sealed));
        }
      }
      entries.push_back(entry);
    }
    if (resealed.empty()) return Bytes(value.begin(), value.end());
    return record::EncodeRecordRow(row.head(), entries, row.revisions());
  }

  // Whether it is the record that the subject says, and every compartment of it has a wrap.
  Result<bool> HasKeys(const RecordKey& key, const keys::Subject& subject, ByteView value) {
    const Result<record::RecordRow> row = record::ParseRecordRow(value);
    if (!row.ok()) return false;
    if (row->head().revision != subject.RevisionOf(key.category, key.record)) return false;
    for (const record::RowEntry& entry : *row) {
      keys::WrapPlace place =
          PlaceOf(key.handle, subject, key.category, entry.compartment, row->head().terms);
      if (!entry.travelling.empty()) {
        place.record = key.record;
        BAILEE_TRY(const bool opens,
                   DoesOpen(keys::WrapSet::OpenTravelling(place, subject.key, entry.travelling)));
        if (!opens) return false;
        continue;
      }
      BAILEE_TRY(const std::optional<ByteView> wraps,
                 transaction_->Get(Table::kSubjects, keys::WrapsRowKeyOf(place)));
      if (!wraps) return false;
      const Result<keys::WrapSet> set = keys::WrapSet::Open(place, subject.key, *wraps);
      BAILEE_TRY(const bool opens, DoesOpen(set));
      if (!opens || !set->HasGeneration(entry.generation)) return false;
    }
    return true;
  }

  Result<bool> CheckedPending(ByteView key, ByteView value, const crypto::SubjectKey& subject) {
    BAILEE_RETURN_IF_ERROR(keys::CheckPending(world_.vault(), key, value, subject));
    return true;
  }

  Status TakePending(ByteView key, ByteView value) {
    const Result<keys::PendingKey> parsed = keys::ParsePendingKey(key);
    if (!parsed.ok()) return NoSuchKey();
    BAILEE_TRY(const keys::Subject* subject, SubjectOf(parsed->handle));
    if (subject == nullptr) return Status();
    if (!IsOpen(parsed->index)) {
      ++counts_.lookups_retired;
      return Status();
    }
    BAILEE_TRY(const bool opens, DoesOpen(CheckedPending(key, value, subject->key)));
    if (!opens) return Status();
    BAILEE_TRY(const bool replaced,
               retired_.ReplacePending(*transaction_, *parsed, value, subject->key, world_));
    return replaced ? Status() : transaction_->Put(Table::kLookup, key, value);
  }

  Status TakeBackRow(ByteView key, ByteView value) {
    const std::optional<Handle> owner = keys::OwnerOfBackRow(key);
    if (!owner) return NoSuchKey();
    BAILEE_TRY(const keys::Subject* subject, SubjectOf(*owner));
    if (subject == nullptr) return Status();
    const keys::RowOwner whose{*owner, subject->history};
    const Result<keys::BackEntries> back = keys::OpenBackRow(world_.vault(), whose, key, value);
    BAILEE_TRY(const bool opens, DoesOpen(back));
    if (!opens) return Status();
    keys::BackEntries taken;
    counts_.made += back->size();
    for (const keys::BackEntry& entry : *back)
      BAILEE_RETURN_IF_ERROR(TakeField(whose, entry, taken));
    return keys::PutBackRows(world_.vault(), *transaction_, whose, taken, world_.random);
  }

  // The row that a back row names, made anew under today's keys, if its record was taken.
  Status TakeField(const keys::RowOwner& whose, const keys::BackEntry& entry,
                   keys::BackEntries& taken) {
    Reader reader{ByteView(entry.field_key).subspan(1)};
    const keys::IndexName index{{reader.GetArray<8>()}, reader.Get<uint16_t>()};
    const auto category = categories_.find(index.id);
    if (reader.failed() || category == categories_.end()) return Status();
    if (!IsOpen(index)) {
      ++counts_.lookups_retired;
      return Status();
    }
    BAILEE_TRY(const std::optional<ByteView> record,
               transaction_->Get(Table::kRecords,
                                 RecordKeyOf(whose.handle, category->second, entry.record)));
    if (!record) return Status();
    return keys::PutField({world_.vault(), shards_}, *transaction_, index, entry.tag(), whose,
                          entry.record, world_.random, taken);
  }

  // Whether the key of an index that rows were made with is still in use.
  bool IsOpen(const keys::IndexName& name) const {
    const auto& indexes = world_.manifest.indexes;
    const auto index = std::ranges::find(indexes, name.id, &keys::Manifest::Index::id);
    return index != indexes.end() &&
           (index->version == name.version || index->open_version == name.version);
  }

  Status TakeKeywork(ByteView key, ByteView value) {
    if (key.size() != kKeyworkKeyBytes) return NoSuchKey();
    const Handle handle{Reader(key).GetArray<16>()};
    BAILEE_TRY(const keys::Subject* subject, SubjectOf(handle));
    if (subject == nullptr || changed_.contains(handle)) return Status();
    return transaction_->Put(Table::kKeywork, key, value);
  }

  const RestoreWorld& world_;
  store::Engine& engine_;
  keys::Shards& shards_;
  const RetiredKeys& retired_;
  Restored& restored_;
  const std::map<crypto::NameId, crypto::NameId> categories_;
  store::WriteTransaction* transaction_ = nullptr;  // of the write that runs
  RestoreCounts counts_;                            // of that write
  uint64_t rows_ = 0;
  std::set<Handle> changed_;
  std::optional<Handle> known_;  // whose subject was looked for last
  std::optional<keys::Subject> subject_;
};

}  // namespace

void RestoreCounts::AddTo(Restored& restored) const {
  restored.records += records;
  restored.records_of_erased += records_of_erased;
  restored.records_outdated += records_outdated;
  restored.lookups_retired += lookups_retired;
}

Status RestoreDataStreams(const RestoreWorld& world, store::Engine& engine, keys::Shards& shards,
                          Restored& restored) {
  BAILEE_TRY(const RetiredKeys retired, RetiredKeys::Open(world));
  return DataRestorer(world, engine, shards, retired, restored).Run();
}

}  // namespace bailee::vault
