// SPDX-License-Identifier: Apache-2.0
#include "base/codec.h"
#include "base/try.h"
#include "crypto/box.h"
#include "vault/check/check_rows.h"
#include "vault/frame/rotation_row.h"

// Rows of keys that are being replaced, and of those that were.
namespace bailee::vault {
namespace {

using store::Table;
using Step = RotationState::Step;

constexpr std::string_view kPurposePrefix = "purpose/";
constexpr std::string_view kIndexPrefix = "index/";
constexpr std::string_view kStorage = "storage";
constexpr size_t kRetiredKeyBytes = 10;
constexpr uint8_t kLastPart = 5;

std::string VersionText(std::string_view key, uint16_t version) {
  return std::string(key) + ", version " + std::to_string(version);
}

// Which versions of a key are open, ascending; none if there is no such key, or one of another
// kind.
Result<std::vector<uint16_t>> OpenVersionsOf(const Frame& frame, std::string_view key) {
  if (key == kStorage) return OpenStorageVersions(*frame.snapshot);
  const keys::Manifest& manifest = frame.rules()->manifest;
  std::vector<uint16_t> open;
  const auto add = [&](const auto* named) {
    if (named == nullptr) return;
    if (named->open_version != 0) open.push_back(named->open_version);
    open.push_back(named->version);
  };
  if (key.starts_with(kPurposePrefix)) add(manifest.FindPurpose(key.substr(kPurposePrefix.size())));
  if (key.starts_with(kIndexPrefix)) add(manifest.FindIndex(key.substr(kIndexPrefix.size())));
  return open;
}

}  // namespace

Status RowChecker::LookAtRotation(Frame& frame, std::string_view key, ByteView value,
                                  RowFindings& out) {
  const Result<RotationRow> row = ParseRotation(value);
  if (!row.ok()) return Take(row.status(), Flaw::kRotateDamaged, out, std::string(key));
  const bool whole = row->to == row->from + 1 &&
                     (row->cursor.empty() || row->cursor[0] <= kLastPart) &&
                     (row->older.empty() || (key == kStorage && row->step != Step::kFinishing));
  if (!whole) {
    out.Add(Flaw::kRotateDamaged, std::string(key));
    return Status();
  }
  // The keys of the log and the authority are in no manifest of two versions.
  if (key == "log" || key == "authority") return Status();
  BAILEE_TRY(const std::vector<uint16_t> open, OpenVersionsOf(frame, key));
  std::vector<uint16_t> wanted = {row->to};
  if (row->step != Step::kFinishing) wanted.insert(wanted.begin(), row->from);
  if (open != wanted) out.Add(Flaw::kRotateStray, VersionText(key, row->to));
  return Status();
}

Status RowChecker::LookAtRetired(const Frame& frame, ByteView key, ByteView value,
                                 RowFindings& out) {
  Reader reader(key);
  const crypto::NameId id{reader.GetArray<8>()};
  const auto version = reader.Get<uint16_t>();
  const keys::Manifest::Purpose* purpose = nullptr;
  for (const keys::Manifest::Purpose& each : frame.rules()->manifest.purposes) {
    if (each.id == id) purpose = &each;
  }
  const bool fits = key.size() == kRetiredKeyBytes && purpose != nullptr && version >= 1 &&
                    version < purpose->common_version() &&
                    value.size() == crypto::kBoxOverhead + crypto::kKeyBytes;
  if (!fits) {
    out.Add(Flaw::kRetiredDamaged,
            VersionText(purpose == nullptr ? "a purpose" : purpose->name, version));
  }
  return Status();
}

// Every version begins with 1, and each that is not open any more was retired.
Status RowChecker::LookForRetired(const Frame& frame, RowFindings& out) {
  for (const keys::Manifest::Purpose& each : frame.rules()->manifest.purposes) {
    for (uint16_t version = 1; version < each.common_version(); ++version) {
      Bytes key;
      Writer(key).Put(AsBytes(kMetaRetired)).Put(each.id.view()).Put(version);
      BAILEE_TRY(const std::optional<ByteView> row, frame.snapshot->Get(Table::kMeta, key));
      if (!row) out.Add(Flaw::kRetiredMissing, VersionText(each.name, version));
    }
  }
  return Status();
}

}  // namespace bailee::vault
