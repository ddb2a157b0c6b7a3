// SPDX-License-Identifier: Apache-2.0
#include <set>

#include "base/codec.h"
#include "base/try.h"
#include "crypto/hash.h"
#include "vault/backup/backup.h"

namespace bailee::vault {
namespace {

using store::Table;

constexpr uint8_t kCutMask = 0x3f;

// Whether a range ends behind the row with this key: most ends stay where they are, whatever is
// added or deleted elsewhere.
bool EndsRange(ByteView key) {
  return (crypto::Hash<8>(crypto::person::kRangeCut, {key}).back() & kCutMask) == 0;
}

class DataTaker {
 public:
  DataTaker(VaultImpl& vault, const BackupRequest& request)
      : request_(request), taker_(vault, request, BackupKind::kData) {}

  Result<BackedUp> Run() {
    BackupStreamId base;
    if (!request_.base.empty()) {
      BAILEE_TRY(base, LoadBase());
    }
    BAILEE_RETURN_IF_ERROR(taker_.Begin(base));
    // Nothing is opened: whoever begins an epoch need not wait for this.
    taker_.frame().ForgetShards();
    for (uint8_t table = 0; table < store::kTableCount; ++table)
      BAILEE_RETURN_IF_ERROR(TakeTable(static_cast<Table>(table)));
    for (const Bytes& message : EncodeRanges(ranges_)) BAILEE_RETURN_IF_ERROR(taker_.Put(message));
    BAILEE_TRY(const Bytes trailer, SealTrailer(taker_.head(), taker_.vault().secrets().ref_key,
                                                ranges_, taker_.vault().random()));
    taker_.done().stream.ranges = ranges_.size();
    return taker_.Finish(trailer);
  }

 private:
  Result<BackupStreamId> LoadBase() {
    BAILEE_TRY(const StreamHead head, ReadStreamHead(request_.base));
    if (head.vault != taker_.vault().id() || head.kind != BackupKind::kData) {
      return Status(Code::kConflict, "backup.no-base",
                    "the base is not a data stream of this vault",
                    "name the data stream that was taken before, or take one without a base");
    }
    BAILEE_TRY(const std::vector<RangeInfo> ranges,
               ReadIndex(request_.base, head, taker_.vault().secrets().ref_key));
    for (const RangeInfo& range : ranges) known_.insert(range.hash);
    return head.id;
  }

  Status TakeTable(Table table) {
    Status status;
    BAILEE_RETURN_IF_ERROR(
        taker_.frame().snapshot->Scan(table, {}, {}, [&](ByteView key, ByteView value) {
          if (!InDataStream(table, key)) return true;
          range_.Add(table, key, value);
          const bool ends =
              EndsRange(key) || range_.rows() == kRangeRowsMax || range_.bytes() >= kRangeBytesMax;
          if (ends) status = EndRange();
          return status.ok();
        }));
    BAILEE_RETURN_IF_ERROR(status);
    return range_.rows() > 0 ? EndRange() : Status();
  }

  Status EndRange() {
    RangeInfo info{.table = range_.table(), .rows = range_.rows()};
    const Bytes message = range_.Take();
    info.hash = HashOfRange(message);
    info.carried = !known_.contains(info.hash);
    ranges_.push_back(info);
    BackupStream& stream = taker_.done().stream;
    if (info.carried) {
      ++stream.ranges_carried;
      stream.rows_carried += info.rows;
      BAILEE_RETURN_IF_ERROR(taker_.Put(message));
    }
    return taker_.Count(info.rows);
  }

  const BackupRequest& request_;
  StreamTaker taker_;
  std::set<RangeHash> known_;  // of the base and those before it
  RowsMessage range_;
  std::vector<RangeInfo> ranges_;
};

}  // namespace

Result<BackedUp> BackUpData(VaultImpl& vault, const BackupRequest& request) {
  return DataTaker(vault, request).Run();
}

}  // namespace bailee::vault
