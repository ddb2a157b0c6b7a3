// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "bailee/limits.h"
#include "base/codec.h"
#include "base/try.h"
#include "keys/lookup.h"
#include "vault/backup/backup.h"
#include "vault/backup/restore.h"
#include "vault/disclose/disclosure_row.h"
#include "vault/ledger/ledger_entry.h"

namespace bailee::vault {
namespace {

using store::Table;

// Rows of `meta` that the end of the restore writes.
bool HeldBack(std::string_view key) {
  return key == kMetaVault || key == kMetaManifest || key == kMetaClock || key == kMetaRestoring;
}

Result<bool> Knows(store::Snapshot& snapshot, const Handle& handle) {
  BAILEE_TRY(const std::optional<ByteView> row,
             snapshot.Get(Table::kSubjects, keys::SubjectRowKeyOf(handle)));
  return row.has_value();
}

class KeyRestorer {
 public:
  KeyRestorer(const RestoreWorld& world, store::Engine& engine, keys::Shards& shards)
      : world_(world), engine_(engine), shards_(shards) {}

  Status Run() {
    BAILEE_TRY(StreamReader reader,
               StreamReader::Open(world_.set.keys()->path, world_.set.opener()));
    Secret message;
    uint64_t rows = 0;
    for (;;) {
      BAILEE_TRY(const bool any, reader.Next(message));
      if (!any) return Status();
      BAILEE_RETURN_IF_ERROR(message.RevealBytes([&](ByteView bytes) -> Status {
        if (bytes.empty()) return DamagedStream("a message makes no sense");
        return engine_.Write(
            [&](store::WriteTransaction& transaction) { return Apply(transaction, bytes, rows); });
      }));
      BAILEE_RETURN_IF_ERROR(TellProgress(world_, rows));
    }
  }

 private:
  Status Apply(store::WriteTransaction& transaction, ByteView message, uint64_t& rows) {
    switch (static_cast<StreamMessage>(message[0])) {
      case StreamMessage::kRows: {
        const auto table = static_cast<Table>(message.size() > 1 ? message[1] : 0);
        BAILEE_TRY(const RowsHead head, ParseRows(message, [&](ByteView key, ByteView value) {
                     return PutRow(transaction, table, key, value);
                   }));
        rows += head.rows;
        return Status();
      }
      case StreamMessage::kSubjects:
        return VisitSubjects(message, [&](const StreamSubject& subject) {
          ++rows;
          return PutSubject(transaction, subject);
        });
      default:
        return Status();
    }
  }

  Status PutRow(store::WriteTransaction& transaction, Table table, ByteView key, ByteView value) {
    if (!InKeyStream(table, key)) return DamagedStream("it has a row that it must not have");
    if (table == Table::kMeta && HeldBack(AsText(key))) return Status();
    // Of whom the stream has no keys, only what outlives them by law is taken.
    if (table == Table::kLedger && key[0] == kEntryPrefix) {
      const std::optional<EntryKey> entry = ParseEntryKey(key);
      if (!entry) return DamagedStream("a row has no key that one can have");
      BAILEE_TRY(const bool known, Knows(transaction, entry->handle));
      if (!known) return Status();
    }
    if (table == Table::kDisclosures) {
      if (key.size() != kDisclosureKeyBytes)
        return DamagedStream("a row has no key that one can have");
      BAILEE_TRY(const bool known, Knows(transaction, {Reader(key).GetArray<16>()}));
      if (!known && !IsKeptDisclosure(value)) return Status();
    }
    return transaction.Put(table, key, value);
  }

  Status PutSubject(store::WriteTransaction& transaction, const StreamSubject& taken) {
    BAILEE_TRY(const keys::Subject subject, keys::DecodeState(taken.head, taken.state));
    BAILEE_TRY(const keys::NamedShardKey shard,
               shards_.Current(transaction, keys::ShardOf(taken.handle.bytes)));
    BAILEE_TRY(const Bytes row,
               keys::SealSubject(world_.vault(), taken.handle, subject, shard, world_.random));
    BAILEE_RETURN_IF_ERROR(
        transaction.Put(Table::kSubjects, keys::SubjectRowKeyOf(taken.handle), row));
    if (subject.ref.empty()) return Status();
    const bool tag = subject.kind == keys::SubjectKind::kTag;
    const keys::LookupTag listed = subject.ref.Reveal([&](std::string_view ref) {
      return tag ? keys::TagOfBrowser(world_.secrets.tag_key, ref)
                 : keys::TagOfRef(world_.secrets.ref_key, ref);
    });
    return keys::PutRef({world_.vault(), shards_}, transaction,
                        tag ? keys::RefDomain::kTag : keys::RefDomain::kSubject, listed,
                        taken.handle, world_.random);
  }

  const RestoreWorld& world_;
  store::Engine& engine_;
  keys::Shards& shards_;
};

Result<uint64_t> CountRecordsOf(store::Snapshot& snapshot, const Handle& handle) {
  uint64_t count = 0;
  BAILEE_RETURN_IF_ERROR(snapshot.Scan(Table::kRecords, handle.view(), {}, [&](ByteView, ByteView) {
    ++count;
    return true;
  }));
  return count;
}

}  // namespace

Result<MetaRows> ReadMetaRows(const BackupSet& set) {
  MetaRows rows;
  BAILEE_TRY(StreamReader reader, StreamReader::Open(set.keys()->path, set.opener()));
  Secret message;
  for (;;) {
    BAILEE_TRY(const bool any, reader.Next(message));
    if (!any) return rows;
    BAILEE_TRY(const bool more, message.RevealBytes([&](ByteView bytes) -> Result<bool> {
      const bool meta = bytes.size() > 1 && bytes[1] == static_cast<uint8_t>(Table::kMeta) &&
                        bytes[0] == static_cast<uint8_t>(StreamMessage::kRows);
      if (!meta) return false;
      BAILEE_RETURN_IF_ERROR(ParseRows(bytes, [&](ByteView key, ByteView value) {
                               rows[std::string(AsText(key))] = Bytes(value.begin(), value.end());
                               return Status();
                             }).status());
      return true;
    }));
    if (!more) return rows;
  }
}

Status RestoreKeyStream(const RestoreWorld& world, store::Engine& engine, keys::Shards& shards) {
  return KeyRestorer(world, engine, shards).Run();
}

Status FindLacking(const RestoreWorld& world, store::Engine& engine, Restored& restored) {
  BAILEE_TRY(StreamReader reader, StreamReader::Open(world.set.keys()->path, world.set.opener()));
  Secret message;
  for (;;) {
    BAILEE_TRY(const bool any, reader.Next(message));
    if (!any) return Status();
    BAILEE_TRY(const std::unique_ptr<store::Snapshot> snapshot, engine.Read());
    BAILEE_RETURN_IF_ERROR(message.RevealBytes([&](ByteView bytes) -> Status {
      if (bytes.empty() || bytes[0] != static_cast<uint8_t>(StreamMessage::kSubjects))
        return Status();
      return VisitSubjects(bytes, [&](const StreamSubject& subject) -> Status {
        ++restored.subjects;
        BAILEE_TRY(const uint64_t count, CountRecordsOf(*snapshot, subject.handle));
        if (count >= subject.records) return Status();
        ++restored.subjects_lacking;
        if (restored.lacking.size() < limits::kRestoreListMax)
          restored.lacking.push_back({subject.handle, subject.records, count});
        return Status();
      });
    }));
  }
}

Status TellProgress(const RestoreWorld& world, uint64_t rows) {
  const BackupProgress& progress = world.request.progress;
  return progress && !progress(rows) ? BackupStopped() : Status();
}

}  // namespace bailee::vault
