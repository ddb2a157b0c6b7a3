// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "bailee/bytes.h"
#include "store/engine.h"

namespace bailee {

// What an attacker with the files has: the rows of a vault that nobody in this process has open.
class RawRows {
 public:
  using Row = std::pair<Bytes, Bytes>;  // key, value

  explicit RawRows(const std::string& directory);

  std::vector<Row> All(store::Table table, ByteView prefix = {}) const;
  // REQUIRES: exactly one row under `prefix`.
  Row Only(store::Table table, ByteView prefix = {}) const;
  size_t Count(store::Table table) const { return All(table).size(); }
  void Put(store::Table table, ByteView key, ByteView value) const;
  void Delete(store::Table table, ByteView key) const;
  store::Engine& engine() const { return *engine_; }
  const std::string& directory() const { return directory_; }

 private:
  const std::string directory_;
  std::unique_ptr<store::Engine> engine_;
};

// How many rows each table has, those of the audit trail and meta apart: every opening adds there.
std::vector<size_t> RowCounts(const std::string& directory);

// Calls `check` for the value with each single bit flipped: all bits of the first and last
// `edge_bytes`, and between them one bit of every byte `stride` apart (a different one each time).
void ForEachBitFlip(const Bytes& value, size_t edge_bytes, size_t stride,
                    const std::function<void(const Bytes& flipped, size_t bit)>& check);

}  // namespace bailee
