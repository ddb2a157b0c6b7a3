// SPDX-License-Identifier: Apache-2.0
#include "vault/backup/backup_set.h"

#include <algorithm>
#include <map>
#include <set>

#include "bailee/limits.h"
#include "base/codec.h"
#include "base/try.h"
#include "vault/backup/backup.h"

namespace bailee::vault {
namespace {

Status Mixed(const char* name, std::string what, const char* hint) {
  return Status(Code::kConflict, name, std::move(what), hint);
}

// Reads one stream to its end and checks what can be checked without any other.
class WholeReader {
 public:
  WholeReader(StreamReader& reader, const BackupProgress& progress)
      : reader_(reader), progress_(progress) {}

  Status Run(WholeStream& whole) {
    whole.head = reader_.head();
    const Status read =
        whole.head.kind == BackupKind::kData ? Messages<Bytes>(whole) : Messages<Secret>(whole);
    BAILEE_RETURN_IF_ERROR(read);
    if (!ended_) return DamagedStream("it has no end");
    return whole.head.kind == BackupKind::kData ? EndData(whole) : EndKeys(whole);
  }

 private:
  template <typename Message>
  Status Messages(WholeStream& whole) {
    Message message;
    for (;;) {
      BAILEE_TRY(const bool any, reader_.Next(message));
      if (!any) return Status();
      BAILEE_RETURN_IF_ERROR(With(message, [&](ByteView bytes) { return Look(bytes, whole); }));
      if (progress_ && !progress_(whole.rows_carried)) return BackupStopped();
    }
  }
  template <typename Use>
  static Status With(const Bytes& message, const Use& use) {
    return use(message);
  }
  template <typename Use>
  static Status With(const Secret& message, const Use& use) {
    return message.RevealBytes(use);
  }

  Status Look(ByteView message, WholeStream& whole) {
    const bool data = whole.head.kind == BackupKind::kData;
    if (ended_ || message.empty()) return DamagedStream("a message is out of its place");
    switch (static_cast<StreamMessage>(message[0])) {
      case StreamMessage::kRows:
        return LookAtRows(message, whole);
      case StreamMessage::kRanges:
        if (!data) break;
        return ParseRanges(message, whole.ranges);
      case StreamMessage::kSubjects:
        if (data) break;
        return LookAtSubjects(message, whole);
      case StreamMessage::kDataEnd:
      case StreamMessage::kKeysEnd: {
        BAILEE_TRY(whole.end, ParseStreamEnd(whole.head.kind, message));
        ended_ = true;
        return Status();
      }
    }
    return DamagedStream("a message is of no known kind");
  }

  Status LookAtRows(ByteView message, WholeStream& whole) {
    const bool data = whole.head.kind == BackupKind::kData;
    const auto table = static_cast<store::Table>(message.size() > 1 ? message[1] : 0);
    BAILEE_TRY(const RowsHead rows, ParseRows(message, [&](ByteView key, ByteView) -> Status {
                 const bool belongs = data ? InDataStream(table, key) : InKeyStream(table, key);
                 return belongs ? Status() : DamagedStream("it has a row that it must not have");
               }));
    whole.rows_carried += rows.rows;
    if (!data) return Status();
    if (!whole.ranges.empty()) return DamagedStream("a range follows the list of them");
    carried_.push_back({rows.table, rows.rows, HashOfRange(message), true});
    return Status();
  }

  Status LookAtSubjects(ByteView message, WholeStream& whole) {
    return VisitSubjects(message, [&](const StreamSubject& subject) -> Status {
      if (subjects_++ > 0 && subject.handle <= last_) return DamagedStream("rows are out of order");
      last_ = subject.handle;
      ++whole.rows_carried;
      return Status();
    });
  }

  Status EndData(WholeStream& whole) {
    uint64_t rows = 0;
    size_t at = 0;
    for (const RangeInfo& range : whole.ranges) {
      rows += range.rows;
      if (!range.carried) continue;
      if (at == carried_.size() || carried_[at].hash != range.hash ||
          carried_[at].table != range.table || carried_[at].rows != range.rows)
        return DamagedStream("its ranges are not those that it lists");
      ++at;
    }
    whole.ranges_carried = at;
    BAILEE_TRY(const Bytes trailer, reader_.Trailer(TrailerBytes(whole.ranges.size())));
    whole.bytes = reader_.bytes_read();
    if (HashOfTrailer(trailer) != whole.end.trailer)
      return DamagedStream("its index is not its own");
    if (at != carried_.size() || rows != whole.end.rows || whole.ranges.size() != whole.end.parts)
      return DamagedStream("its counts are others");
    return Status();
  }

  Status EndKeys(WholeStream& whole) {
    BAILEE_RETURN_IF_ERROR(reader_.Trailer(0).status());
    whole.bytes = reader_.bytes_read();
    if (whole.rows_carried != whole.end.rows || subjects_ != whole.end.parts)
      return DamagedStream("its counts are others");
    return Status();
  }

  StreamReader& reader_;
  const BackupProgress& progress_;
  bool ended_ = false;
  std::vector<RangeInfo> carried_;
  uint64_t subjects_ = 0;
  Handle last_;
};

}  // namespace

BackupStream WholeStream::Describe() const {
  const bool data = head.kind == BackupKind::kData;
  return {.kind = head.kind,
          .id = head.id,
          .base = head.base,
          .taken_at = head.taken_at,
          .transaction = end.transaction,
          .bytes = bytes,
          .rows = end.rows,
          .rows_carried = rows_carried,
          .ranges = data ? ranges.size() : 0,
          .ranges_carried = ranges_carried,
          .subjects = data ? 0 : end.parts,
          .tree_size = end.tree_size};
}

Result<crypto::BoxOpener> BackupOpener(const keys::KeyringKeys& keyring) {
  BAILEE_RETURN_IF_ERROR(keyring.BelongHere());
  const Secret* secret = keyring.FindRole(keys::Role::kBackup);
  if (secret == nullptr) {
    return Status(Code::kKey, "key.role-missing", "the keyring is not the backup's",
                  "load the keyring `backup` that init made");
  }
  BAILEE_TRY(crypto::BoxSecret box, secret->RevealBytes([](ByteView bytes) {
    return crypto::BoxSecret::FromBytes(bytes);
  }));
  return crypto::BoxOpener(std::move(box));
}

Result<BackupSet> BackupSet::Open(const keys::KeyringKeys& backup,
                                  const std::vector<std::string>& files,
                                  const BackupProgress& progress) {
  if (files.empty() || files.size() > limits::kBackupStreamsMax) {
    return Status(Code::kUsage, "backup.no-streams", "between 1 and 1,000 streams can be named",
                  "name the files that bailee backup made");
  }
  BAILEE_TRY(crypto::BoxOpener opener, BackupOpener(backup));
  BackupSet set(std::move(opener));
  set.vault_ = backup.header.vault;
  uint64_t rows = 0;
  std::vector<WholeStream> streams;
  for (const std::string& path : files) {
    WholeStream whole;
    whole.path = path;
    BAILEE_TRY(const StreamHead head, ReadStreamHead(path));
    if (head.vault != set.vault_) {
      return Mixed("backup.other-vault", path + " is a stream of another vault",
                   "name the streams of one vault, and its backup keyring");
    }
    BAILEE_TRY(StreamReader reader, StreamReader::Open(path, set.opener_));
    const BackupProgress all =
        progress ? [&](uint64_t now) { return progress(rows + now); } : BackupProgress();
    BAILEE_RETURN_IF_ERROR(WholeReader(reader, all).Run(whole));
    rows += whole.rows_carried;
    streams.push_back(std::move(whole));
  }
  BAILEE_RETURN_IF_ERROR(set.Order(std::move(streams)));
  return set;
}

Status BackupSet::Order(std::vector<WholeStream> streams) {
  std::vector<WholeStream> data;
  for (WholeStream& each : streams) {
    if (each.head.kind == BackupKind::kData) {
      data.push_back(std::move(each));
      continue;
    }
    if (keys_) {
      return Mixed("backup.two-key-streams", "two key streams were named",
                   "name the newest one and destroy the others");
    }
    keys_ = std::move(each);
  }
  BAILEE_RETURN_IF_ERROR(OrderChain(std::move(data)));
  BAILEE_RETURN_IF_ERROR(CheckRanges());
  if (keys_ && !chain_.empty() && keys_->end.transaction < chain_.back().end.transaction) {
    return Mixed("backup.keys-older", "the key stream is older than the data stream",
                 "name the key stream that was taken after it, or an older data stream");
  }
  return Status();
}

// Why these follow nothing.
Status BackupSet::Unchained(const std::vector<WholeStream>& data) const {
  for (const WholeStream& each : data) {
    const auto is_base = [&](const WholeStream& other) { return other.head.id == each.head.base; };
    const bool known = each.head.base == BackupStreamId() ||
                       std::any_of(data.begin(), data.end(), is_base) ||
                       std::any_of(chain_.begin(), chain_.end(), is_base);
    if (known) continue;
    return Mixed("backup.base-missing", "the data stream " + each.head.base.ToHex() + " is missing",
                 "name all streams that the last one goes on from");
  }
  return Mixed("backup.not-a-chain", "the data streams are not one chain",
               "name one data stream without a base, and those that go on from it");
}

Status BackupSet::OrderChain(std::vector<WholeStream> data) {
  BackupStreamId next;  // zero: the first has no base
  while (!data.empty()) {
    const auto follows = [&](const WholeStream& each) { return each.head.base == next; };
    const auto it = std::find_if(data.begin(), data.end(), follows);
    if (it == data.end()) return Unchained(data);
    next = it->head.id;
    chain_.push_back(std::move(*it));
    data.erase(it);
  }
  return Status();
}

Status BackupSet::CheckRanges() const {
  std::set<RangeHash> carried;
  for (const WholeStream& stream : chain_) {
    for (const RangeInfo& range : stream.ranges) {
      if (range.carried) {
        carried.insert(range.hash);
      } else if (!carried.contains(range.hash)) {
        return DamagedStream("no stream has a range that it lists");
      }
    }
  }
  return Status();
}

Status VisitRanges(const BackupSet& set, const std::function<Status(ByteView message)>& visit) {
  std::map<RangeHash, size_t> where;
  std::vector<StreamReader> readers;
  for (size_t i = 0; i < set.chain().size(); ++i) {
    const WholeStream& stream = set.chain()[i];
    for (const RangeInfo& range : stream.ranges) {
      if (range.carried) where[range.hash] = i;
    }
    BAILEE_TRY(StreamReader reader, StreamReader::Open(stream.path, set.opener()));
    readers.push_back(std::move(reader));
  }
  Bytes message;
  for (const RangeInfo& range : set.chain().back().ranges) {
    // Ranges lie in every stream in the order of their keys, so that no reader has to go back.
    StreamReader& reader = readers[where.at(range.hash)];
    do {
      BAILEE_TRY(const bool any, reader.Next(message));
      if (!any) return DamagedStream("it changed while it was read");
    } while (HashOfRange(message) != range.hash);
    BAILEE_RETURN_IF_ERROR(visit(message));
  }
  return Status();
}

}  // namespace bailee::vault

namespace bailee {

Result<VerifiedBackup> VerifyBackup(const Keyring& backup, const std::vector<std::string>& files,
                                    const BackupProgress& progress) {
  BAILEE_TRY(const vault::BackupSet set, vault::BackupSet::Open(backup.keys(), files, progress));
  VerifiedBackup verified{.vault = set.vault()};
  for (const vault::WholeStream& each : set.chain()) verified.streams.push_back(each.Describe());
  if (set.keys()) verified.streams.push_back(set.keys()->Describe());
  return verified;
}

}  // namespace bailee
