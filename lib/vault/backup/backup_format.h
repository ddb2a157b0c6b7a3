// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <vector>

#include "bailee/backup.h"
#include "bailee/bytes.h"
#include "bailee/result.h"
#include "crypto/binding.h"
#include "crypto/box.h"
#include "crypto/stream.h"
#include "keys/subject.h"
#include "store/engine.h"

// The parts of backup streams: FORMAT.md §19. Every Parse* takes hostile bytes.
namespace bailee::vault {

inline constexpr size_t kStreamFrameBytesMax = size_t{64} << 20;
inline constexpr size_t kRangeRowsMax = 4'096;
inline constexpr size_t kRangeBytesMax = size_t{1} << 20;  // may be passed by one row

// kDamage "backup.damaged".
Status DamagedStream(const char* what);

struct StreamHead {
  VaultId vault;
  BackupKind kind = BackupKind::kData;
  BackupStreamId id;
  BackupStreamId base{};
  Timestamp taken_at;
  crypto::BoxPublicKey recipient;
};

inline constexpr size_t kStreamKeyBoxBytes = crypto::kKeyBytes + crypto::kBoxOverhead;
inline constexpr size_t kStreamBoundBytes = 8 + 2 + 16 + 1 + 16 + 16 + 8 + 32 + kStreamKeyBoxBytes;
inline constexpr size_t kStreamHeadBytes = kStreamBoundBytes + 32 + crypto::kStreamStartBytes;

// What `bound` of a stream is without its box.
Bytes EncodeStreamHead(const StreamHead& head);
crypto::EncodedWrapBinding StreamKeyBinding(const StreamHead& head);

// A head, split. Borrows from what was parsed.
struct ParsedHead {
  StreamHead head;
  ByteView bound;
  ByteView box;
  crypto::StreamStart start;
};
// Errors: kNoVault "backup.not-a-stream"; kTooNew "backup.too-new"; kDamage "backup.damaged".
Result<ParsedHead> ParseStreamHead(ByteView bytes);

enum class StreamMessage : uint8_t {
  kRows = 1,
  kRanges = 2,
  kDataEnd = 3,
  kSubjects = 4,
  kKeysEnd = 5,
};

// Makes a message of rows; empty until one is added.
class RowsMessage {
 public:
  // REQUIRES: all rows are of one table.
  void Add(store::Table table, ByteView key, ByteView value);
  uint32_t rows() const { return rows_; }
  size_t bytes() const { return bytes_.size(); }
  store::Table table() const { return table_; }
  // The message; the next Add begins another.
  Bytes Take();

 private:
  store::Table table_ = store::Table::kMeta;
  Bytes bytes_;
  uint32_t rows_ = 0;
};

// Rows of a message. `visit` is called for each.
// Errors: kDamage "backup.damaged"; those of `visit`.
using RowVisitor = std::function<Status(ByteView key, ByteView value)>;
struct RowsHead {
  store::Table table = store::Table::kMeta;
  uint32_t rows = 0;
};
Result<RowsHead> ParseRows(ByteView message, const RowVisitor& visit);

using RangeHash = std::array<uint8_t, 32>;
// Of a message of rows.
RangeHash HashOfRange(ByteView message);

struct RangeInfo {
  store::Table table = store::Table::kMeta;
  uint32_t rows = 0;
  RangeHash hash{};
  bool carried = false;
};
// Messages that list these ranges.
std::vector<Bytes> EncodeRanges(const std::vector<RangeInfo>& ranges);
// Adds those of one message. Errors: kDamage "backup.damaged".
Status ParseRanges(ByteView message, std::vector<RangeInfo>& ranges);

using StreamHash = std::array<uint8_t, 32>;

// A subject in a key stream; borrows from the message.
struct StreamSubject {
  Handle handle;
  keys::SubjectHead head;  // without a shard key
  uint64_t records = 0;
  ByteView state;
};
// Of a message of subjects. REQUIRES: it is not empty. Errors: kDamage "backup.damaged"; those of
// `visit`.
Status VisitSubjects(ByteView message, const std::function<Status(const StreamSubject&)>& visit);

// The last message of a stream of either kind.
struct StreamEnd {
  uint64_t transaction = 0;
  uint64_t epoch = 0;
  uint64_t rows = 0;
  uint64_t tree_size = 0;
  StreamHash root{};
  uint64_t parts = 0;    // data: ranges; keys: subjects
  StreamHash maker{};    // see MakerOf
  StreamHash trailer{};  // data: its hash
};
Bytes EncodeStreamEnd(BackupKind kind, const StreamEnd& end);
// Errors: kDamage "backup.damaged".
Result<StreamEnd> ParseStreamEnd(BackupKind kind, ByteView message);

// What only a holder of the storage key can say of the stream that begins with these.
StreamHash MakerOf(const crypto::RefKey& ref_key, ByteView bound, const StreamHash& commitment);

// The trailer of a data stream. Errors: kFull.
Result<Bytes> SealTrailer(const StreamHead& head, const crypto::RefKey& ref_key,
                          const std::vector<RangeInfo>& ranges, crypto::Random& random);
// Errors: kDamage "backup.damaged"; kFull.
Result<std::vector<RangeInfo>> OpenTrailer(const StreamHead& head, const crypto::RefKey& ref_key,
                                           ByteView trailer);
// How long the trailer is with so many ranges.
size_t TrailerBytes(size_t ranges);
StreamHash HashOfTrailer(ByteView trailer);

// Which rows a data stream has, and which of `meta` a key stream has.
bool InDataStream(store::Table table, ByteView key);
bool InKeyStream(store::Table table, ByteView key);

}  // namespace bailee::vault
