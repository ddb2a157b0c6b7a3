// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "bailee/limits.h"
#include "base/codec.h"
#include "base/try.h"
#include "keys/subject.h"
#include "vault/backup/backup.h"

namespace bailee::vault {
namespace {

using store::Table;

constexpr size_t kSubjectBytesPerMessage = size_t{32} << 10;
constexpr size_t kRowBytesPerMessage = size_t{256} << 10;

class KeysTaker {
 public:
  KeysTaker(VaultImpl& vault, const BackupRequest& request)
      : taker_(vault, request, BackupKind::kKeys) {}

  Result<BackedUp> Run() {
    BAILEE_RETURN_IF_ERROR(taker_.Begin({}));
    for (const Table table : {Table::kMeta, Table::kPolicies})
      BAILEE_RETURN_IF_ERROR(TakeTable(table));
    BAILEE_RETURN_IF_ERROR(TakeSubjects());
    for (const Table table : {Table::kLedger, Table::kDisclosures, Table::kReports})
      BAILEE_RETURN_IF_ERROR(TakeTable(table));
    taker_.done().stream.rows_carried = taker_.done().stream.rows;
    return taker_.Finish({});
  }

 private:
  store::Snapshot& snapshot() { return *taker_.frame().snapshot; }

  Status TakeTable(Table table) {
    RowsMessage rows;
    Status status;
    const auto put = [&]() -> Status {
      const uint32_t count = rows.rows();
      BAILEE_RETURN_IF_ERROR(taker_.Put(rows.Take()));
      return taker_.Count(count);
    };
    BAILEE_RETURN_IF_ERROR(snapshot().Scan(table, {}, {}, [&](ByteView key, ByteView value) {
      if (!InKeyStream(table, key)) return true;
      rows.Add(table, key, value);
      if (rows.bytes() >= kRowBytesPerMessage || rows.rows() == kRangeRowsMax) status = put();
      return status.ok();
    }));
    BAILEE_RETURN_IF_ERROR(status);
    return rows.rows() > 0 ? put() : Status();
  }

  struct Taken {
    Handle handle;
    keys::SubjectHead head;
    uint64_t records = 0;
    Secret state;
  };

  Status TakeSubjects() {
    Status status;
    BAILEE_RETURN_IF_ERROR(
        snapshot().Scan(Table::kSubjects, {}, {}, [&](ByteView key, ByteView value) {
          if (key.size() != keys::kSubjectRowKeyBytes) return true;
          status = Take({Reader(key).GetArray<16>()}, value);
          return status.ok();
        }));
    BAILEE_RETURN_IF_ERROR(status);
    return PutSubjects();
  }

  Status Take(const Handle& handle, ByteView row) {
    const Result<keys::Subject> subject =
        keys::OpenSubject(taker_.vault().id(), handle, row, *taker_.frame().shards(), snapshot());
    // One damaged row must not keep anybody else from being backed up.
    if (subject.status().code() == Code::kDamage) {
      std::vector<Handle>& unreadable = taker_.done().unreadable;
      if (unreadable.size() < limits::kRestoreListMax) unreadable.push_back(handle);
      return Status();
    }
    if (!subject.ok()) return subject.status();
    Taken taken{.handle = handle, .head = subject->head};
    BAILEE_TRY(taken.state, keys::EncodeState(*subject));
    BAILEE_RETURN_IF_ERROR(
        snapshot().Scan(Table::kRecords, handle.view(), {}, [&](ByteView, ByteView) {
          ++taken.records;
          return true;
        }));
    bytes_ += kSubjectHeadBytes + taken.state.size_bytes();
    subjects_.push_back(std::move(taken));
    return bytes_ >= kSubjectBytesPerMessage ? PutSubjects() : Status();
  }

  Status PutSubjects() {
    if (subjects_.empty()) return Status();
    BAILEE_TRY(Secret message, Secret::Allocate(1 + sizeof(uint32_t) + bytes_));
    message.RevealMutable([&](std::span<uint8_t> out) {
      uint8_t* at = out.data();
      const auto put = [&](ByteView bytes) { at = std::copy(bytes.begin(), bytes.end(), at); };
      const auto put_int = [&]<typename Int>(Int value) {
        StoreBigEndian(value, at);
        at += sizeof(Int);
      };
      put_int(static_cast<uint8_t>(StreamMessage::kSubjects));
      put_int(static_cast<uint32_t>(subjects_.size()));
      for (const Taken& each : subjects_) {
        put(each.handle.view());
        put_int(each.head.generation);
        put_int(each.head.revision);
        put_int(each.records);
        put_int(static_cast<uint32_t>(each.state.size_bytes()));
        each.state.RevealBytes(put);
      }
    });
    BAILEE_RETURN_IF_ERROR(message.RevealBytes([&](ByteView bytes) { return taker_.Put(bytes); }));
    const size_t count = subjects_.size();
    taker_.done().stream.subjects += count;
    subjects_.clear();
    bytes_ = 0;
    return taker_.Count(count);
  }

  static constexpr size_t kSubjectHeadBytes = 16 + 4 + 4 + 8 + 4;

  StreamTaker taker_;
  std::vector<Taken> subjects_;  // of the next message
  size_t bytes_ = 0;             // that they take in it
};

}  // namespace

Result<BackedUp> BackUpKeys(VaultImpl& vault, const BackupRequest& request) {
  if (!request.base.empty()) {
    return Status(Code::kUsage, "backup.base-of-keys", "a key stream has no base",
                  "leave it out: each key stream stands for itself");
  }
  return KeysTaker(vault, request).Run();
}

}  // namespace bailee::vault
