// SPDX-License-Identifier: Apache-2.0
#include "vault/backup/backup_format.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/codec.h"
#include "base/try.h"
#include "crypto/hash.h"
#include "crypto/suite1.h"
#include "keys/issue.h"
#include "keys/wraps.h"

namespace bailee::vault {
namespace {

using store::Table;

constexpr std::string_view kStreamMagic = "BAILEEBK";
constexpr uint16_t kStreamFormat = 1;
constexpr size_t kRangesPerMessage = 100'000;
constexpr size_t kListedRangeBytes = 1 + 4 + 32 + 1;
constexpr uint8_t kPendingLookup = 0x04;
constexpr uint8_t kBackLookup = 0x05;

void PutRange(Bytes& out, const RangeInfo& range) {
  Writer(out)
      .Put(static_cast<uint8_t>(range.table))
      .Put(range.rows)
      .Put(ByteView(range.hash))
      .Put(static_cast<uint8_t>(range.carried ? 1 : 0));
}

Status GetRange(Reader& reader, RangeInfo& range) {
  const auto table = reader.Get<uint8_t>();
  range.rows = reader.Get<uint32_t>();
  range.hash = reader.GetArray<32>();
  const auto carried = reader.Get<uint8_t>();
  if (reader.failed() || table >= store::kTableCount || range.rows == 0 || carried > 1)
    return DamagedStream("its list of ranges makes no sense");
  range.table = static_cast<Table>(table);
  range.carried = carried == 1;
  return Status();
}

crypto::EncodedBinding TrailerBinding(const StreamHead& head) {
  return crypto::Encode(crypto::Binding{
      .label = crypto::Label::kStreamIndex, .vault = head.vault, .record = {head.id.bytes}});
}

Result<crypto::StreamIndexKey> IndexKeyOf(const crypto::RefKey& ref_key) {
  BAILEE_TRY(Secret key, Secret::Allocate(crypto::kKeyBytes));
  key.RevealMutable([&](std::span<uint8_t> out) {
    crypto::KeyedHashInto(ref_key, crypto::person::kIndexKey, {}, out);
  });
  return crypto::StreamIndexKey::FromSecret(std::move(key));
}

bool StartsWith(ByteView key, std::string_view text) { return AsText(key).starts_with(text); }

// The rows of `meta` that belong to the trail.
bool OfTrail(ByteView key) {
  return AsText(key) == "tree" || StartsWith(key, "trail") || StartsWith(key, "pruned");
}

}  // namespace

Status DamagedStream(const char* what) {
  return Status(Code::kDamage, "backup.damaged", std::string("a backup stream is damaged: ") + what,
                "take another copy of it; nothing was written");
}

Bytes EncodeStreamHead(const StreamHead& head) {
  Bytes bytes;
  Writer(bytes)
      .Put(AsBytes(kStreamMagic))
      .Put(kStreamFormat)
      .Put(head.vault.view())
      .Put(static_cast<uint8_t>(head.kind))
      .Put(head.id.view())
      .Put(head.base.view())
      .Put(head.taken_at.unix_ms)
      .Put(head.recipient.view());
  return bytes;
}

crypto::EncodedWrapBinding StreamKeyBinding(const StreamHead& head) {
  return crypto::Encode(
      crypto::WrapBinding{.binding = {.label = crypto::Label::kStreamKey,
                                      .vault = head.vault,
                                      .record = {head.id.bytes},
                                      .generation = static_cast<uint32_t>(head.kind),
                                      .context = static_cast<uint64_t>(head.taken_at.unix_ms)},
                          .purpose = crypto::NameIdOf(keys::RoleWord(keys::Role::kBackup)),
                          .key_version = keys::kFirstVersion});
}

Result<ParsedHead> ParseStreamHead(ByteView bytes) {
  Reader reader(bytes);
  if (AsText(reader.GetBytes(kStreamMagic.size())) != kStreamMagic) {
    return Status(Code::kNoVault, "backup.not-a-stream", "the file is not a backup stream",
                  "name the files that bailee backup made");
  }
  const auto format = reader.Get<uint16_t>();
  if (!reader.failed() && format > kStreamFormat) {
    return Status(Code::kTooNew, "backup.too-new", "the stream's format is newer than this library",
                  "upgrade the library; nothing was changed");
  }
  ParsedHead parsed;
  parsed.head.vault = {reader.GetArray<16>()};
  const auto kind = reader.Get<uint8_t>();
  parsed.head.id = {reader.GetArray<16>()};
  parsed.head.base = {reader.GetArray<16>()};
  parsed.head.taken_at = {reader.Get<int64_t>()};
  parsed.head.recipient = {reader.GetArray<32>()};
  parsed.box = reader.GetBytes(kStreamKeyBoxBytes);
  parsed.start.commitment = reader.GetArray<32>();
  parsed.start.start = reader.GetArray<crypto::kStreamStartBytes>();
  if (!reader.complete() || format != kStreamFormat || kind < 1 || kind > 2)
    return DamagedStream("its head makes no sense");
  parsed.head.kind = static_cast<BackupKind>(kind);
  parsed.bound = bytes.first(kStreamBoundBytes);
  return parsed;
}

void RowsMessage::Add(Table table, ByteView key, ByteView value) {
  if (rows_ == 0) {
    table_ = table;
    Writer(bytes_)
        .Put(static_cast<uint8_t>(StreamMessage::kRows))
        .Put(static_cast<uint8_t>(table))
        .Put(uint32_t{0});
  }
  BAILEE_CHECK(table == table_);
  Writer(bytes_).PutPrefixed<uint16_t>(key).PutPrefixed<uint32_t>(value);
  ++rows_;
}

Bytes RowsMessage::Take() {
  BAILEE_CHECK(rows_ > 0);
  StoreBigEndian(rows_, bytes_.data() + 2);
  rows_ = 0;
  return std::exchange(bytes_, {});
}

Result<RowsHead> ParseRows(ByteView message, const RowVisitor& visit) {
  Reader reader(message);
  const auto kind = reader.Get<uint8_t>();
  const auto table = reader.Get<uint8_t>();
  const RowsHead head{static_cast<Table>(table), reader.Get<uint32_t>()};
  if (kind != static_cast<uint8_t>(StreamMessage::kRows) || table >= store::kTableCount ||
      head.rows == 0)
    return DamagedStream("a message makes no sense");
  ByteView before;
  for (uint32_t i = 0; i < head.rows; ++i) {
    const ByteView key = reader.GetPrefixed<uint16_t>();
    const ByteView value = reader.GetPrefixed<uint32_t>();
    if (reader.failed() || key.empty()) return DamagedStream("a message makes no sense");
    if (i > 0 &&
        !std::lexicographical_compare(before.begin(), before.end(), key.begin(), key.end()))
      return DamagedStream("rows are out of order");
    before = key;
    BAILEE_RETURN_IF_ERROR(visit(key, value));
  }
  if (!reader.complete()) return DamagedStream("a message has bytes left over");
  return head;
}

RangeHash HashOfRange(ByteView message) {
  return crypto::Hash<32>(crypto::person::kRange, {message.subspan(1)});
}

std::vector<Bytes> EncodeRanges(const std::vector<RangeInfo>& ranges) {
  std::vector<Bytes> messages;
  for (size_t at = 0; at < ranges.size(); at += kRangesPerMessage) {
    const size_t end = std::min(ranges.size(), at + kRangesPerMessage);
    Bytes message;
    Writer(message)
        .Put(static_cast<uint8_t>(StreamMessage::kRanges))
        .Put(static_cast<uint32_t>(end - at));
    for (size_t i = at; i < end; ++i) PutRange(message, ranges[i]);
    messages.push_back(std::move(message));
  }
  return messages;
}

Status ParseRanges(ByteView message, std::vector<RangeInfo>& ranges) {
  Reader reader(message.subspan(1));
  const auto count = reader.Get<uint32_t>();
  if (count > kRangesPerMessage) return DamagedStream("its list of ranges makes no sense");
  for (uint32_t i = 0; i < count; ++i) {
    RangeInfo range;
    BAILEE_RETURN_IF_ERROR(GetRange(reader, range));
    ranges.push_back(range);
  }
  return reader.complete() ? Status() : DamagedStream("its list of ranges makes no sense");
}

Status VisitSubjects(ByteView message, const std::function<Status(const StreamSubject&)>& visit) {
  Reader reader(message.subspan(1));
  const auto count = reader.Get<uint32_t>();
  for (uint32_t i = 0; i < count && !reader.failed(); ++i) {
    StreamSubject subject;
    subject.handle = {reader.GetArray<16>()};
    subject.head.generation = reader.Get<uint32_t>();
    subject.head.revision = reader.Get<uint32_t>();
    subject.records = reader.Get<uint64_t>();
    subject.state = reader.GetPrefixed<uint32_t>();
    if (reader.failed()) break;
    BAILEE_RETURN_IF_ERROR(visit(subject));
  }
  return reader.complete() && count > 0 ? Status() : DamagedStream("a message makes no sense");
}

Bytes EncodeStreamEnd(BackupKind kind, const StreamEnd& end) {
  const bool data = kind == BackupKind::kData;
  Bytes message;
  Writer writer(message);
  writer.Put(static_cast<uint8_t>(data ? StreamMessage::kDataEnd : StreamMessage::kKeysEnd))
      .Put(end.transaction)
      .Put(end.epoch)
      .Put(end.rows)
      .Put(end.tree_size)
      .Put(ByteView(end.root))
      .Put(end.parts)
      .Put(ByteView(end.maker));
  if (data) writer.Put(ByteView(end.trailer));
  return message;
}

Result<StreamEnd> ParseStreamEnd(BackupKind kind, ByteView message) {
  const bool data = kind == BackupKind::kData;
  Reader reader(message);
  const auto word = reader.Get<uint8_t>();
  StreamEnd end;
  end.transaction = reader.Get<uint64_t>();
  end.epoch = reader.Get<uint64_t>();
  end.rows = reader.Get<uint64_t>();
  end.tree_size = reader.Get<uint64_t>();
  end.root = reader.GetArray<32>();
  end.parts = reader.Get<uint64_t>();
  end.maker = reader.GetArray<32>();
  if (data) end.trailer = reader.GetArray<32>();
  const auto wanted = data ? StreamMessage::kDataEnd : StreamMessage::kKeysEnd;
  if (!reader.complete() || word != static_cast<uint8_t>(wanted))
    return DamagedStream("its end makes no sense");
  return end;
}

StreamHash MakerOf(const crypto::RefKey& ref_key, ByteView bound, const StreamHash& commitment) {
  return crypto::KeyedHash<32>(ref_key, crypto::person::kMaker, {bound, commitment});
}

Result<Bytes> SealTrailer(const StreamHead& head, const crypto::RefKey& ref_key,
                          const std::vector<RangeInfo>& ranges, crypto::Random& random) {
  BAILEE_TRY(const crypto::StreamIndexKey key, IndexKeyOf(ref_key));
  Bytes list;
  for (const RangeInfo& range : ranges) PutRange(list, range);
  Bytes trailer = crypto::Seal(key, TrailerBinding(head), list, random);
  Writer(trailer).Put(static_cast<uint32_t>(trailer.size()));
  return trailer;
}

Result<std::vector<RangeInfo>> OpenTrailer(const StreamHead& head, const crypto::RefKey& ref_key,
                                           ByteView trailer) {
  if (trailer.size() < crypto::kEnvelopeOverhead + sizeof(uint32_t))
    return DamagedStream("its index is too short");
  BAILEE_TRY(const crypto::StreamIndexKey key, IndexKeyOf(ref_key));
  const ByteView envelope = trailer.first(trailer.size() - sizeof(uint32_t));
  Bytes list(envelope.size() - crypto::kEnvelopeOverhead);
  const Status opened = crypto::OpenInto(key, TrailerBinding(head), envelope, list);
  if (!opened.ok()) return DamagedStream("its index does not open");
  std::vector<RangeInfo> ranges;
  Reader reader{ByteView(list)};
  while (!reader.rest().empty()) {
    RangeInfo range;
    BAILEE_RETURN_IF_ERROR(GetRange(reader, range));
    ranges.push_back(range);
  }
  return ranges;
}

size_t TrailerBytes(size_t ranges) {
  return crypto::kEnvelopeOverhead + ranges * kListedRangeBytes + sizeof(uint32_t);
}

StreamHash HashOfTrailer(ByteView trailer) {
  return crypto::Hash<32>(crypto::person::kTrailer, {trailer});
}

bool InDataStream(Table table, ByteView key) {
  switch (table) {
    case Table::kMeta:
      return OfTrail(key);
    case Table::kSubjects:
      return key.size() == sizeof(keys::WrapsRowKey);
    case Table::kLookup:
      return !key.empty() && (key[0] == kPendingLookup || key[0] == kBackLookup);
    case Table::kTerms:
    case Table::kRecords:
    case Table::kKeywork:
    case Table::kAuditLeaf:
    case Table::kAuditNode:
      return true;
    default:
      return false;
  }
}

bool InKeyStream(Table table, ByteView key) {
  switch (table) {
    case Table::kMeta:
      // These two end in a number; no other rows begin with the words.
      return !OfTrail(key) && !StartsWith(key, "shards") && !StartsWith(key, "groups") &&
             AsText(key) != "epoch";
    case Table::kPolicies:
    case Table::kLedger:
    case Table::kDisclosures:
    case Table::kReports:
      return true;
    default:
      return false;
  }
}

}  // namespace bailee::vault

namespace bailee {

std::string_view BackupKindWord(BackupKind kind) {
  return kind == BackupKind::kData ? "data" : "keys";
}

}  // namespace bailee
