// SPDX-License-Identifier: Apache-2.0
#include "vault/erase/renew_shards.h"

#include <string>

#include "base/codec.h"
#include "base/try.h"
#include "vault/frame/due.h"

namespace bailee::vault {
namespace {

using store::Table;

constexpr size_t kRowsMovedPerWrite = 4'000;
constexpr size_t kRowsMovedPerLook = 1'000;
constexpr size_t kShardsPerWrite = 1'000;

// Rows of one table that lie under the keys of a shard: those whose id, which decides the shard,
// begins behind `prefix`.
struct Range {
  Table table;
  Bytes prefix;

  uint16_t ShardOfKey(ByteView key) const {
    return keys::ShardOf(Reader(key.subspan(prefix.size())).GetArray<16>());
  }
  Bytes Begin(uint16_t shard) const {
    Bytes key = prefix;
    Writer(key).Put(static_cast<uint16_t>(shard << 2));
    return key;
  }
};

Result<std::vector<Range>> RangesOf(store::Snapshot& snapshot) {
  std::vector<Range> ranges = {{Table::kSubjects, {}}};
  BAILEE_TRY(const std::vector<Bytes> prefixes, keys::TaggedPrefixes(snapshot));
  for (const Bytes& prefix : prefixes) ranges.push_back({Table::kLookup, prefix});
  return ranges;
}

// Keys of rows of a shard that do not name its newest key.
struct OldRows {
  std::vector<Bytes> keys;
  Bytes next;  // the key to go on with; empty behind the last
};

Result<OldRows> SomeOldRows(store::Snapshot& snapshot, const Range& range, uint16_t shard,
                            uint64_t newest, const Bytes& from) {
  OldRows old;
  BAILEE_RETURN_IF_ERROR(
      snapshot.Scan(range.table, range.prefix, from, [&](ByteView key, ByteView value) {
        if (key.size() < range.prefix.size() + 16 || range.ShardOfKey(key) != shard) return false;
        if (old.keys.size() == kRowsMovedPerLook) {
          old.next.assign(key.begin(), key.end());
          return false;
        }
        uint64_t named = newest;
        if (range.table == Table::kLookup) {
          named = Reader(value).Get<uint64_t>();
        } else if (key.size() == keys::kSubjectRowKeyBytes) {
          const auto head = keys::ParseSubjectHead(value);
          if (head.ok()) named = head->shard_key;
        }
        if (named != newest) old.keys.emplace_back(key.begin(), key.end());
        return true;
      }));
  return old;
}

Status MoveSubject(VaultImpl& vault, const Frame& frame, const Bytes& key,
                   const keys::NamedShardKey& newest) {
  const Handle handle{Reader(key).GetArray<16>()};
  BAILEE_TRY(const std::optional<ByteView> row, frame.snapshot->Get(Table::kSubjects, key));
  BAILEE_TRY(const keys::Subject subject,
             keys::OpenSubject(vault.id(), handle, row.value_or(ByteView()), *frame.shards(),
                               *frame.snapshot));
  BAILEE_TRY(const Bytes moved,
             keys::SealSubject(vault.id(), handle, subject, newest, vault.random()));
  return frame.transaction->Put(Table::kSubjects, key, moved);
}

// One write that renews.
class Renewal {
 public:
  Renewal(VaultImpl& vault, const Frame& frame) : vault_(vault), frame_(frame) {}

  // Renews shards until none is owed a key or there was enough for one write.
  Status Run() {
    BAILEE_TRY(const std::vector<Range> ranges, RangesOf(*frame_.snapshot));
    while (rows_ < kRowsMovedPerWrite && ended_ < kShardsPerWrite) {
      BAILEE_TRY(const std::optional<uint16_t> shard, Next());
      if (!shard) {
        all_ = true;
        break;
      }
      Status renewed = Renew(ranges, *shard);
      // Nothing of a shard whose key is damaged opens, and the next epoch ends its old ones too.
      if (renewed.code() == Code::kDamage) BAILEE_RETURN_IF_ERROR(Ended(*shard));
      if (!renewed.ok() && renewed.code() != Code::kDamage) return renewed;
    }
    if (ended_ == 0 && rows_ == 0) return Status();
    const std::string count = std::to_string(rows_);
    const audit::Detail detail{audit::What::kCount, count};
    return vault_.RecordWrite(frame_, {.kind = EventKind::kRenew, .details = {&detail, 1}})
        .status();
  }

  bool all() const { return all_; }
  size_t rows() const { return rows_; }
  size_t ended() const { return ended_; }

 private:
  static Result<std::optional<uint16_t>> FirstOf(store::Snapshot& snapshot, Due due) {
    BAILEE_TRY(const std::vector<Bytes> ids, ListDue(snapshot, due, 1));
    if (ids.empty()) return std::optional<uint16_t>();
    return std::optional<uint16_t>(Reader(ids.front()).Get<uint16_t>() % keys::kShardCount);
  }

  // A shard whose renewal has begun, or one that is to begin.
  Result<std::optional<uint16_t>> Next() {
    BAILEE_TRY(const std::optional<uint16_t> begun, FirstOf(*frame_.snapshot, Due::kShardRows));
    if (begun) return begun;
    BAILEE_TRY(const std::optional<uint16_t> owed, FirstOf(*frame_.snapshot, Due::kShard));
    if (!owed) return owed;
    // Now, because it may be owed another one while its rows are on their way.
    BAILEE_RETURN_IF_ERROR(DeleteDue(*frame_.transaction, Due::kShard, IdOf(*owed)));
    BAILEE_RETURN_IF_ERROR(PutDue(*frame_.transaction, Due::kShardRows, IdOf(*owed)));
    return owed;
  }

  Status Renew(const std::vector<Range>& ranges, uint16_t shard) {
    BAILEE_RETURN_IF_ERROR(
        frame_.shards()->BeginRenewal(*frame_.transaction, shard, vault_.random()).status());
    return RenewSome(ranges, shard);
  }

  Status RenewSome(const std::vector<Range>& ranges, uint16_t shard) {
    BAILEE_TRY(const keys::NamedShardKey newest, frame_.shards()->Current(*frame_.snapshot, shard));
    for (const Range& range : ranges) {
      Bytes from = range.Begin(shard);
      do {
        BAILEE_TRY(OldRows old, SomeOldRows(*frame_.snapshot, range, shard, newest.id, from));
        for (const Bytes& key : old.keys) BAILEE_RETURN_IF_ERROR(Move(range, key, newest));
        if (rows_ >= kRowsMovedPerWrite) return Status();
        from = std::move(old.next);
      } while (!from.empty());
    }
    BAILEE_RETURN_IF_ERROR(
        frame_.shards()->EndRenewal(*frame_.transaction, shard, vault_.random()));
    return Ended(shard);
  }

  Status Move(const Range& range, const Bytes& key, const keys::NamedShardKey& newest) {
    Status moved =
        range.table == Table::kSubjects
            ? MoveSubject(vault_, frame_, key, newest)
            : keys::MoveRow(vault_.LookupOf(frame_), *frame_.transaction, key, vault_.random());
    // What is damaged stays under the key that goes: it was lost before.
    if (!moved.ok() && moved.code() != Code::kDamage) return moved;
    if (moved.ok()) ++rows_;
    return Status();
  }

  Status Ended(uint16_t shard) {
    ++ended_;
    BAILEE_RETURN_IF_ERROR(DeleteDue(*frame_.transaction, Due::kShardRows, IdOf(shard)));
    return PutDue(*frame_.transaction, Due::kEpoch, {});
  }

  static std::array<uint8_t, 2> IdOf(uint16_t shard) {
    std::array<uint8_t, 2> id{};
    StoreBigEndian(shard, id.data());
    return id;
  }

  VaultImpl& vault_;
  const Frame& frame_;
  size_t rows_ = 0;
  size_t ended_ = 0;
  bool all_ = false;
};

}  // namespace

Result<bool> RenewShards(VaultImpl& vault, const ShredOptions& options,
                         const std::function<Status(Frame&)>& at_end, Shredded& done) {
  bool all = false;
  while (!all) {
    size_t rows = 0;
    size_t ended = 0;
    BAILEE_RETURN_IF_ERROR(vault.Write([&](Frame& frame) -> Status {
      Renewal renewal(vault, frame);
      BAILEE_RETURN_IF_ERROR(renewal.Run());
      all = renewal.all();
      rows = renewal.rows();
      ended = renewal.ended();
      return all ? at_end(frame) : Status();
    }));
    done.rows += rows;
    done.shards += ended;
    if (options.progress && !options.progress(done.rows)) return false;
  }
  return true;
}

}  // namespace bailee::vault
