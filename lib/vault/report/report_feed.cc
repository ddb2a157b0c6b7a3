// SPDX-License-Identifier: Apache-2.0
#include "vault/report/report_feed.h"

#include "base/codec.h"
#include "base/try.h"
#include "record/row.h"
#include "vault/frame/session_impl.h"
#include "vault/report/report_floor.h"

namespace bailee::vault {
namespace {

using store::Table;

constexpr int64_t kLateMs = 62 * kMillisPerDay;
// More rows of one subject than this are not looked through.
constexpr size_t kRowsLookedAtMax = 4096;

const PreparedField* Find(std::span<const PreparedField> fields, policy::FieldIndex index) {
  for (const PreparedField& field : fields) {
    if (field.field == index) return &field;
  }
  return nullptr;
}

std::vector<std::string> NamesOf(const policy::Policy& policy, const policy::ReportInfo& report) {
  std::vector<std::string> names;
  for (const policy::FieldIndex field : report.by)
    names.push_back(policy.field(report.category, field).name);
  return names;
}

bool KeyOf(const policy::ReportInfo& report, std::span<const PreparedField> fields, CellKey& key) {
  for (const policy::FieldIndex index : report.by) {
    const PreparedField* field = Find(fields, index);
    const bool added =
        field == nullptr
            ? AppendToKey({}, key)
            : field->value.RevealBytes([&](ByteView bytes) { return AppendToKey(bytes, key); });
    if (!added) return false;
  }
  return true;
}

}  // namespace

Result<size_t> ReportFeeds::Add(const Input& input) {
  size_t added = 0;
  for (const policy::ReportInfo& report : frame_.in_force().reports()) {
    if (report.feed != policy::ReportFeed::kAtCollection) continue;
    if (report.category != input.category) continue;
    BAILEE_TRY(const bool fed, AddTo(report, input));
    if (fed) ++added;
  }
  return added;
}

Result<bool> ReportFeeds::AddTo(const policy::ReportInfo& report, const Input& input) {
  const policy::Datum datum{&frame_.in_force(), input.terms, input.collected_at};
  if (!policy::MayCount(frame_.in_force(), report, datum, input.standing, frame_.now)) return false;
  const PreparedField* of = Find(input.fields, report.of);
  if (of == nullptr) return false;
  const std::optional<Timestamp> day =
      of->value.Reveal([](std::string_view text) { return policy::DayOf(text); });
  if (!day || *day > frame_.now) return false;
  const policy::ReportWindow window = policy::WindowOf(report.bucket, *day);
  if (frame_.now.unix_ms - window.before.unix_ms > kLateMs) return false;
  CellKey key;
  if (!KeyOf(report, input.fields, key)) return false;

  const Floor floor(report.min_subjects);
  BAILEE_TRY(const uint64_t others, HeldIn(input, window, floor.records_of_one_max));
  if (others >= floor.records_of_one_max) return false;
  BAILEE_TRY(Bucket * bucket, BucketOf(report, window));
  if (bucket->closed || bucket->row.by != NamesOf(frame_.in_force(), report)) return false;
  CellMap& cells = bucket->row.cells;
  const auto found = cells.find(key);
  if (found == cells.end() && cells.size() >= kFedCellsPerBucketMax) return false;
  CellTally& tally = found == cells.end() ? cells[key] : found->second;
  if (input.named) {
    ++tally.counted;
    // Who has another record of this time may have been counted with it, perhaps in this cell.
    if (others == 0) ++tally.subjects;
  } else {
    ++tally.unnamed;
  }
  return true;
}

Result<uint64_t> ReportFeeds::HeldIn(const Input& input, const policy::ReportWindow& window,
                                     uint64_t enough) {
  if (!input.handle) return uint64_t{0};
  const crypto::NameId category = frame_.rules()->in_force->category(input.category).id;
  Bytes prefix;
  Writer(prefix).Put(input.handle->view()).Put(category.view());
  uint64_t held = 0;
  size_t rows = 0;
  BAILEE_RETURN_IF_ERROR(
      frame_.snapshot->Scan(Table::kRecords, prefix, {}, [&](ByteView, ByteView bytes) {
        const auto row = record::ParseRecordRow(bytes);
        if (row.ok()) {
          const Timestamp at = row->head().collected_at;
          if (window.from <= at && at < window.before) ++held;
        }
        return held < enough && ++rows < kRowsLookedAtMax;
      }));
  return rows < kRowsLookedAtMax ? held : enough;
}

Result<ReportFeeds::Bucket*> ReportFeeds::BucketOf(const policy::ReportInfo& report,
                                                   const policy::ReportWindow& window) {
  const BucketPlace place{vault_.id(), crypto::NameIdOf(report.id), report.bucket, window.from};
  const Bytes key = FeedRowKey(place);
  if (const auto known = buckets_.find(key); known != buckets_.end()) return &known->second;
  Bucket bucket;
  bucket.place = place;
  bucket.row.by = NamesOf(frame_.in_force(), report);
  BAILEE_TRY(const std::optional<ByteView> computed,
             frame_.snapshot->Get(Table::kReports, ResultRowKey(place)));
  bucket.closed = computed.has_value();
  BAILEE_TRY(const std::optional<ByteView> row, frame_.snapshot->Get(Table::kReports, key));
  if (row) {
    BAILEE_TRY(const crypto::FeedKey opener, vault_.FeedKey());
    BAILEE_TRY(bucket.row, OpenFeed(place, *row, opener));
  }
  return &buckets_.emplace(key, std::move(bucket)).first->second;
}

Status ReportFeeds::Flush() {
  for (const auto& [key, bucket] : buckets_) {
    if (bucket.closed || bucket.row.cells.empty()) continue;
    BAILEE_TRY(const crypto::FeedKey sealer, vault_.FeedKey());
    BAILEE_TRY(const Bytes row, SealFeed(bucket.place, bucket.row, sealer, vault_.random()));
    BAILEE_RETURN_IF_ERROR(frame_.transaction->Put(Table::kReports, key, row));
  }
  buckets_.clear();
  return Status();
}

Result<CellMap> TakeFeed(VaultImpl& vault, store::WriteTransaction& transaction,
                         const BucketPlace& place) {
  const Bytes key = FeedRowKey(place);
  BAILEE_TRY(const std::optional<ByteView> row, transaction.Get(Table::kReports, key));
  if (!row) return CellMap();
  BAILEE_TRY(const crypto::FeedKey opener, vault.FeedKey());
  BAILEE_TRY(FeedRow feed, OpenFeed(place, *row, opener));
  BAILEE_RETURN_IF_ERROR(transaction.Delete(Table::kReports, key));
  return std::move(feed.cells);
}

}  // namespace bailee::vault
