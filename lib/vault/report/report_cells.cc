// SPDX-License-Identifier: Apache-2.0
#include "vault/report/report_cells.h"

#include "base/check.h"
#include "base/codec.h"
#include "base/try.h"
#include "crypto/binding.h"
#include "crypto/hash.h"
#include "crypto/padding.h"
#include "crypto/suite1.h"

namespace bailee::vault {
namespace {

constexpr uint8_t kCellsRowVersion = 1;
constexpr uint8_t kResultType = 1;
constexpr uint8_t kFeedType = 2;
constexpr size_t kFieldsMax = 64;

Status DamagedCells() {
  return Status(Code::kDamage, "report.damaged", "the cells of a report are damaged",
                "restore the vault from a backup; other buckets are still readable");
}

Status OtherTallyVersion() {
  return Status(Code::kKey, "report.key-version",
                "the cells were sealed under another version of the tally key",
                "open the vault with the keyring of that version");
}

Bytes RowKey(uint8_t type, const BucketPlace& place) {
  Bytes key;
  Writer(key)
      .Put(type)
      .Put(place.report.view())
      .Put(static_cast<uint8_t>(place.unit))
      .Put(place.from.unix_ms);
  return key;
}

Bytes AadOf(crypto::Label label, const BucketPlace& place, uint16_t key_version) {
  const auto aad = crypto::Encode({.label = label,
                                   .vault = place.vault,
                                   .category = place.report,
                                   .compartment = static_cast<uint16_t>(place.unit),
                                   .generation = key_version,
                                   .context = static_cast<uint64_t>(place.from.unix_ms)});
  return {aad.begin(), aad.end()};
}

template <typename Length>
void PutTexts(Writer& writer, const std::vector<std::string>& texts) {
  writer.Put(static_cast<Length>(texts.size()));
  for (const std::string& text : texts) writer.PutPrefixed<uint8_t>(AsBytes(text));
}

std::vector<std::string> GetTexts(Reader& reader, size_t count) {
  std::vector<std::string> texts;
  for (size_t i = 0; i < count && !reader.failed(); ++i) {
    texts.emplace_back(AsText(reader.GetPrefixed<uint8_t>()));
  }
  return texts;
}

// Pads, seals and wipes the plaintext.
Result<Bytes> Seal(const crypto::Key& key, ByteView aad, Bytes& plain, Bytes head,
                   crypto::Random& random) {
  Result<Secret> padded = crypto::Padded(plain);
  crypto::Wipe(plain);
  if (!padded.ok()) return padded.status();
  padded->RevealBytes([&](ByteView bytes) { crypto::SealAppend(key, aad, bytes, random, head); });
  return head;
}

// Opens, takes the padding off and calls `parse` with a Reader of the rest.
template <typename Parse>
Status Open(const crypto::Key& key, ByteView aad, ByteView sealed, const Parse& parse) {
  const Result<Secret> plain = crypto::Open(key, aad, sealed);
  if (!plain.ok()) return crypto::DamageUnlessFull(plain.status(), DamagedCells());
  return plain->RevealBytes([&](ByteView padded) -> Status {
    const Result<size_t> size = crypto::UnpaddedSize(padded);
    if (!size.ok()) return DamagedCells();
    Reader reader(padded.first(*size));
    return parse(reader) && reader.complete() ? Status() : DamagedCells();
  });
}

bool ParseResult(Reader& reader, ResultRow& row) {
  row.policy_version = reader.Get<uint32_t>();
  row.computed_at = {reader.Get<int64_t>()};
  row.min_subjects = reader.Get<uint32_t>();
  const auto count = reader.Get<uint8_t>();
  if (count != 1 && count != 2) return false;
  row.count = static_cast<policy::ReportCount>(count);
  const size_t fields = reader.Get<uint8_t>();
  if (fields > kFieldsMax) return false;
  row.by = GetTexts(reader, fields);
  const auto cells = reader.Get<uint32_t>();
  if (cells > kCellsPerBucketMax) return false;
  for (uint32_t i = 0; i < cells && !reader.failed(); ++i) {
    ResultRow::Cell cell{GetTexts(reader, fields), 0};
    cell.shown = reader.Get<uint64_t>();
    if (!row.cells.empty() && row.cells.back().keys >= cell.keys) return false;
    row.cells.push_back(std::move(cell));
  }
  return true;
}

bool ParseFeed(Reader& reader, FeedRow& row) {
  const size_t fields = reader.Get<uint8_t>();
  if (fields > kFieldsMax) return false;
  row.by = GetTexts(reader, fields);
  const auto cells = reader.Get<uint32_t>();
  if (cells > kFedCellsPerBucketMax) return false;
  for (uint32_t i = 0; i < cells && !reader.failed(); ++i) {
    CellKey key;
    for (size_t j = 0; j < fields; ++j) (void)AppendToKey(reader.GetPrefixed<uint8_t>(), key);
    CellTally tally;
    tally.subjects = reader.Get<uint64_t>();
    tally.counted = reader.Get<uint64_t>();
    tally.unnamed = reader.Get<uint64_t>();
    if (!row.cells.empty() && std::prev(row.cells.end())->first >= key) return false;
    row.cells.emplace_hint(row.cells.end(), std::move(key), tally);
  }
  return true;
}

}  // namespace

bool AppendToKey(ByteView value, CellKey& key) {
  if (value.size() > 0xff) return false;
  key.reserve(key.size() + 1 + value.size());
  key.push_back(static_cast<uint8_t>(value.size()));
  key.insert(key.end(), value.begin(), value.end());
  return true;
}

std::vector<std::string> ValuesOf(const CellKey& key) {
  Reader reader(key);
  std::vector<std::string> values;
  while (!reader.rest().empty() && !reader.failed()) {
    values.emplace_back(AsText(reader.GetPrefixed<uint8_t>()));
  }
  BAILEE_CHECK(reader.complete());
  return values;
}

Bytes ResultRowKey(const BucketPlace& place) { return RowKey(kResultType, place); }
Bytes FeedRowKey(const BucketPlace& place) { return RowKey(kFeedType, place); }

Result<Bytes> SealResult(const BucketPlace& place, const ResultRow& row,
                         const keys::HeldPurpose& tally, crypto::Random& random) {
  Bytes plain;
  Writer writer(plain);
  writer.Put(row.policy_version)
      .Put(row.computed_at.unix_ms)
      .Put(row.min_subjects)
      .Put(static_cast<uint8_t>(row.count));
  PutTexts<uint8_t>(writer, row.by);
  writer.Put(static_cast<uint32_t>(row.cells.size()));
  for (const ResultRow::Cell& cell : row.cells) {
    for (const std::string& value : cell.keys) writer.PutPrefixed<uint8_t>(AsBytes(value));
    writer.Put(cell.shown);
  }
  Bytes head;
  Writer(head).Put(kCellsRowVersion).Put(tally.version);
  const Bytes aad = AadOf(crypto::Label::kReportCell, place, tally.version);
  return Seal(tally.key, aad, plain, std::move(head), random);
}

Result<ResultRow> OpenResult(const BucketPlace& place, ByteView row,
                             const keys::KeyringKeys& keyring) {
  Reader head(row);
  const auto row_version = head.Get<uint8_t>();
  const auto key_version = head.Get<uint16_t>();
  if (head.failed() || row_version != kCellsRowVersion) return DamagedCells();
  const keys::HeldPurpose* tally = keyring.FindPurpose(crypto::NameIdOf(keys::kTally), key_version);
  if (tally == nullptr) {
    return OtherTallyVersion();
  }
  const Bytes aad = AadOf(crypto::Label::kReportCell, place, key_version);
  ResultRow result;
  BAILEE_RETURN_IF_ERROR(Open(tally->key, aad, head.rest(),
                              [&](Reader& reader) { return ParseResult(reader, result); }));
  return result;
}

std::optional<uint16_t> ResultKeyVersion(ByteView key, ByteView row) {
  Reader head(row);
  const auto row_version = head.Get<uint8_t>();
  const auto key_version = head.Get<uint16_t>();
  const bool result = !key.empty() && key[0] == kResultType && row_version == kCellsRowVersion;
  return result && !head.failed() ? std::optional<uint16_t>(key_version) : std::nullopt;
}

Result<Bytes> ResealResult(const VaultId& vault, ByteView key, ByteView row,
                           const keys::KeyringKeys& keyring, const keys::HeldPurpose& tally,
                           crypto::Random& random) {
  Reader in_key(key.subspan(1));
  const crypto::NameId report{in_key.GetArray<8>()};
  const auto unit = static_cast<policy::ReportBucket>(in_key.Get<uint8_t>());
  const BucketPlace place{vault, report, unit, {in_key.Get<int64_t>()}};
  const std::optional<uint16_t> version = ResultKeyVersion(key, row);
  if (!version || !in_key.complete()) return DamagedCells();
  const keys::HeldPurpose* old = keyring.FindPurpose(tally.id, *version);
  if (old == nullptr) return OtherTallyVersion();
  const Result<Secret> plain =
      crypto::Open(old->key, AadOf(crypto::Label::kReportCell, place, *version), row.subspan(3));
  if (!plain.ok()) return crypto::DamageUnlessFull(plain.status(), DamagedCells());
  Bytes sealed;
  Writer(sealed).Put(kCellsRowVersion).Put(tally.version);
  plain->RevealBytes([&](ByteView padded) {
    crypto::SealAppend(tally.key, AadOf(crypto::Label::kReportCell, place, tally.version), padded,
                       random, sealed);
  });
  return sealed;
}

Result<Bytes> SealFeed(const BucketPlace& place, const FeedRow& row, const crypto::FeedKey& key,
                       crypto::Random& random) {
  Bytes plain;
  Writer writer(plain);
  PutTexts<uint8_t>(writer, row.by);
  writer.Put(static_cast<uint32_t>(row.cells.size()));
  for (const auto& [values, tally] : row.cells) {
    writer.Put(ByteView(values)).Put(tally.subjects).Put(tally.counted).Put(tally.unnamed);
  }
  Bytes head;
  Writer(head).Put(kCellsRowVersion);
  const Bytes aad = AadOf(crypto::Label::kReportFeed, place, 0);
  return Seal(key, aad, plain, std::move(head), random);
}

Result<FeedRow> OpenFeed(const BucketPlace& place, ByteView row, const crypto::FeedKey& key) {
  Reader head(row);
  if (head.Get<uint8_t>() != kCellsRowVersion) return DamagedCells();
  const Bytes aad = AadOf(crypto::Label::kReportFeed, place, 0);
  FeedRow feed;
  BAILEE_RETURN_IF_ERROR(
      Open(key, aad, head.rest(), [&](Reader& reader) { return ParseFeed(reader, feed); }));
  return feed;
}

}  // namespace bailee::vault
