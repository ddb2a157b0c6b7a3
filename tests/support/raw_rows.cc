// SPDX-License-Identifier: Apache-2.0
#include "support/raw_rows.h"

#include <cstdlib>

#include "store/lmdb_engine.h"

namespace bailee {
namespace {

void MustBeOk(const Status& status) {
  if (!status.ok()) std::abort();
}

}  // namespace

RawRows::RawRows(const std::string& directory) : directory_(directory) {
  auto engine = store::OpenLmdb(directory, {.map_bytes = uint64_t{1} << 30});
  MustBeOk(engine.status());
  engine_ = *std::move(engine);
}

std::vector<RawRows::Row> RawRows::All(store::Table table, ByteView prefix) const {
  std::vector<Row> rows;
  auto snapshot = engine_->Read();
  MustBeOk(snapshot.status());
  MustBeOk((*snapshot)->Scan(table, prefix, {}, [&](ByteView key, ByteView value) {
    rows.emplace_back(Bytes(key.begin(), key.end()), Bytes(value.begin(), value.end()));
    return true;
  }));
  return rows;
}

RawRows::Row RawRows::Only(store::Table table, ByteView prefix) const {
  const std::vector<Row> rows = All(table, prefix);
  if (rows.size() != 1) std::abort();
  return rows.front();
}

void RawRows::Put(store::Table table, ByteView key, ByteView value) const {
  MustBeOk(engine_->Write(
      [&](store::WriteTransaction& transaction) { return transaction.Put(table, key, value); }));
}

void RawRows::Delete(store::Table table, ByteView key) const {
  MustBeOk(engine_->Write(
      [&](store::WriteTransaction& transaction) { return transaction.Delete(table, key); }));
}

namespace {

// Meta holds watermarks besides what making the vault put there.
bool IsOfTheTrail(store::Table table) {
  return table == store::Table::kMeta || table == store::Table::kAuditLeaf ||
         table == store::Table::kAuditNode;
}

}  // namespace

std::vector<size_t> RowCounts(const std::string& directory) {
  const RawRows rows(directory);
  std::vector<size_t> counts;
  for (uint8_t i = 0; i < store::kTableCount; ++i) {
    const auto table = static_cast<store::Table>(i);
    if (!IsOfTheTrail(table)) counts.push_back(rows.Count(table));
  }
  return counts;
}

void ForEachBitFlip(const Bytes& value, size_t edge_bytes, size_t stride,
                    const std::function<void(const Bytes& flipped, size_t bit)>& check) {
  for (size_t byte = 0; byte < value.size(); ++byte) {
    const bool edge = byte < edge_bytes || byte + edge_bytes >= value.size();
    if (!edge && byte % stride != 0) continue;
    for (size_t bit = 0; bit < 8; ++bit) {
      if (!edge && bit != byte / stride % 8) continue;
      Bytes flipped = value;
      flipped[byte] = static_cast<uint8_t>(flipped[byte] ^ (1u << bit));
      check(flipped, byte * 8 + bit);
    }
  }
}

}  // namespace bailee
