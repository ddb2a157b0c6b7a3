// SPDX-License-Identifier: Apache-2.0
#include "record/row.h"

#include "bailee/limits.h"
#include "base/check.h"
#include "base/codec.h"
#include "crypto/padding.h"
#include "crypto/suite1.h"

namespace bailee::record {
namespace {

constexpr uint8_t kRowVersion = 1;
constexpr uint8_t kMixedRowVersion = 2;   // entries of several revisions
constexpr size_t kWrapsVersionBytes = 1;  // travelling wraps are a wraps row, FORMAT.md §9.2
constexpr size_t kHeadBytes = 1 + 4 + 8 + 16 + 1;
constexpr size_t kEntryHeaderBytes = 2 + 4 + 2 + 4;
constexpr size_t kTravellingBytesMax = 0xffff;
// What EncodeFields can make: count, header of each item, values.
constexpr size_t kFieldsBytesMax = 2 + limits::kFieldsPerCategoryMax * 6 + limits::kRecordBytesMax;

RowEntry ReadEntry(Reader& reader) {
  RowEntry entry;
  entry.compartment = reader.Get<uint16_t>();
  entry.generation = reader.Get<uint32_t>();
  entry.travelling = reader.GetPrefixed<uint16_t>();
  entry.sealed = reader.GetPrefixed<uint32_t>();
  return entry;
}

// Whether an envelope around padded bytes can have this size.
bool IsEnvelopeSize(size_t size) {
  static const size_t padded_max = crypto::PaddedSize(kFieldsBytesMax);
  return size > crypto::kEnvelopeOverhead && crypto::IsBucket(size - crypto::kEnvelopeOverhead) &&
         size - crypto::kEnvelopeOverhead <= padded_max;
}

bool IsEntry(const RowEntry& entry) {
  const bool travels = !entry.travelling.empty();
  return entry.compartment < limits::kFieldsPerCategoryMax && IsEnvelopeSize(entry.sealed.size()) &&
         travels == (entry.generation == kTravellingGeneration) &&
         (!travels || (entry.travelling.size() <= kTravellingBytesMax &&
                       IsEnvelopeSize(entry.travelling.size() - kWrapsVersionBytes)));
}

Status DamagedRow() {
  return Status(Code::kDamage, "record.row", "a record row does not make sense",
                "run check on the vault");
}

bool AreEntries(ByteView entries, uint8_t count) {
  if (count > limits::kFieldsPerCategoryMax) return false;
  Reader reader(entries);
  int last_compartment = -1;
  for (uint8_t i = 0; i < count; ++i) {
    const RowEntry entry = ReadEntry(reader);
    if (reader.failed() || !IsEntry(entry) || entry.compartment <= last_compartment) return false;
    last_compartment = entry.compartment;
  }
  return reader.complete();
}

}  // namespace

Result<RecordRow> ParseRecordRow(ByteView row) {
  Reader reader(row);
  const auto version = reader.Get<uint8_t>();
  RecordHead head;
  head.revision = reader.Get<uint32_t>();
  head.collected_at.unix_ms = reader.Get<int64_t>();
  head.terms.bytes = reader.GetArray<16>();
  const auto count = reader.Get<uint8_t>();
  if (version != kRowVersion && version != kMixedRowVersion) return DamagedRow();
  const ByteView revisions =
      version == kRowVersion ? ByteView() : reader.GetBytes(SealedRevisionsBytes(count));
  if (reader.failed() || !AreEntries(reader.rest(), count)) return DamagedRow();
  return RecordRow(head, revisions, reader.rest(), count);
}

size_t SealedRevisionsBytes(size_t entries) {
  return crypto::kEnvelopeOverhead + entries * sizeof(uint32_t);
}

Bytes EncodeRecordRow(const RecordHead& head, std::span<const RowEntry> entries,
                      ByteView revisions) {
  BAILEE_CHECK(entries.size() <= limits::kFieldsPerCategoryMax);
  BAILEE_CHECK(revisions.empty() || revisions.size() == SealedRevisionsBytes(entries.size()));
  size_t size = kHeadBytes + revisions.size();
  for (const RowEntry& entry : entries) {
    size += kEntryHeaderBytes + entry.travelling.size() + entry.sealed.size();
  }
  Bytes row;
  row.reserve(size);
  Writer writer(row);
  writer.Put(revisions.empty() ? kRowVersion : kMixedRowVersion);
  writer.Put(head.revision).Put(head.collected_at.unix_ms).Put(head.terms.view());
  writer.Put(static_cast<uint8_t>(entries.size())).Put(revisions);
  int last_compartment = -1;
  for (const RowEntry& entry : entries) {
    BAILEE_CHECK(IsEntry(entry) && entry.compartment > last_compartment);
    last_compartment = entry.compartment;
    writer.Put(entry.compartment).Put(entry.generation);
    writer.PutPrefixed<uint16_t>(entry.travelling).PutPrefixed<uint32_t>(entry.sealed);
  }
  return row;
}

std::optional<RowEntry> RecordRow::Find(uint16_t compartment) const {
  for (const RowEntry& entry : *this) {
    if (entry.compartment == compartment) return entry;
  }
  return std::nullopt;
}

RecordRow::Iterator RecordRow::begin() const { return Iterator(entries_); }
RecordRow::Iterator RecordRow::end() const { return Iterator({}); }

RowEntry RecordRow::Iterator::operator*() const {
  Reader reader(rest_);
  return ReadEntry(reader);
}

RecordRow::Iterator& RecordRow::Iterator::operator++() {
  Reader reader(rest_);
  ReadEntry(reader);
  rest_ = reader.rest();
  return *this;
}

}  // namespace bailee::record
