// SPDX-License-Identifier: Apache-2.0
#include "vault/frame/rotation_row.h"

#include <algorithm>

#include "base/codec.h"
#include "base/try.h"

namespace bailee::vault {
namespace {

using store::Table;
using Step = RotationState::Step;

constexpr uint8_t kRotationRowVersion = 1;
constexpr uint8_t kFlagLeaked = 1;
// Parts of a pass whose rows begin with a random handle, which says how far it is.
constexpr size_t kShareBytes = 4;

Status DamagedRotation() {
  return Status(Code::kDamage, "rotate.damaged", "the note of a rotation under way is damaged",
                "the rotation can be begun again: the manifest says which keys are open");
}

Bytes MetaKeyOf(std::string_view key) {
  Bytes bytes;
  Writer(bytes).Put(AsBytes(kMetaRotate)).Put(AsBytes(key));
  return bytes;
}

}  // namespace

Result<RotationRow> ParseRotation(ByteView bytes) {
  Reader reader(bytes);
  RotationRow row;
  const auto version = reader.Get<uint8_t>();
  const auto step = reader.Get<uint8_t>();
  row.from = reader.Get<uint16_t>();
  row.to = reader.Get<uint16_t>();
  const auto flags = reader.Get<uint8_t>();
  row.begun_at = {reader.Get<int64_t>()};
  row.rows = reader.Get<uint64_t>();
  const ByteView cursor = reader.GetPrefixed<uint32_t>();
  const bool fits = !reader.failed() && version == kRotationRowVersion && step >= 1 && step <= 3 &&
                    flags <= kFlagLeaked;
  if (!fits) return DamagedRotation();
  row.step = static_cast<Step>(step);
  row.leaked = flags == kFlagLeaked;
  row.cursor.assign(cursor.begin(), cursor.end());
  const ByteView older = reader.rest();
  row.older.assign(older.begin(), older.end());
  return row;
}

namespace {

// 0 to 1: handles are random, so the first bytes of one say how many come before it.
double ShareOf(const Bytes& cursor) {
  if (cursor.size() < 1 + kShareBytes) return 0;
  const auto first = LoadBigEndian<uint32_t>(cursor.data() + 1);
  const double within = static_cast<double>(first) / 4294967296.0;
  // Wraps rows and records are what takes long.
  return std::min(1.0, (static_cast<double>(std::min<uint8_t>(cursor[0], 1)) + within) / 2);
}

}  // namespace

Result<std::optional<RotationRow>> ReadRotation(store::Snapshot& snapshot, std::string_view key) {
  BAILEE_TRY(const std::optional<ByteView> bytes, snapshot.Get(Table::kMeta, MetaKeyOf(key)));
  if (!bytes) return std::optional<RotationRow>();
  BAILEE_TRY(RotationRow row, ParseRotation(*bytes));
  return std::optional<RotationRow>(std::move(row));
}

Status PutRotation(store::WriteTransaction& transaction, std::string_view key,
                   const RotationRow& row) {
  Bytes bytes;
  Writer(bytes)
      .Put(kRotationRowVersion)
      .Put(static_cast<uint8_t>(row.step))
      .Put(row.from)
      .Put(row.to)
      .Put(static_cast<uint8_t>(row.leaked ? kFlagLeaked : 0))
      .Put(row.begun_at.unix_ms)
      .Put(row.rows)
      .PutPrefixed<uint32_t>(row.cursor)
      .Put(ByteView(row.older));
  return transaction.Put(Table::kMeta, MetaKeyOf(key), bytes);
}

Status DeleteRotation(store::WriteTransaction& transaction, std::string_view key) {
  return transaction.Delete(Table::kMeta, MetaKeyOf(key));
}

RotationState StateOf(std::string_view key, const RotationRow& row) {
  return {.key = std::string(key),
          .from = row.from,
          .to = row.to,
          .step = row.step,
          .leaked = row.leaked,
          .begun_at = row.begun_at,
          .rows = row.rows,
          .share = row.step == Step::kReady ? 1.0 : ShareOf(row.cursor)};
}

Result<std::vector<RotationState>> Rotations(VaultImpl& vault) {
  BAILEE_TRY(const Frame frame, vault.Begin());
  std::vector<RotationState> states;
  Status problem;
  BAILEE_RETURN_IF_ERROR(frame.snapshot->Scan(
      Table::kMeta, AsBytes(kMetaRotate), {}, [&](ByteView key, ByteView value) {
        const Result<RotationRow> row = ParseRotation(value);
        if (!row.ok()) problem = row.status();
        if (row.ok()) states.push_back(StateOf(AsText(key.subspan(kMetaRotate.size())), *row));
        return problem.ok();
      }));
  BAILEE_RETURN_IF_ERROR(std::move(problem));
  return states;
}

}  // namespace bailee::vault
