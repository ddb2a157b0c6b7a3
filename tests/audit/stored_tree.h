// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "audit/naive_tree.h"
#include "audit/tree_store.h"
#include "base/check.h"
#include "store/engine.h"
#include "support/memory_engine.h"

namespace bailee::testing {

// A tree of "leaf 0", "leaf 1", … in an engine of its own.
class StoredTree {
 public:
  explicit StoredTree(uint64_t size) { BAILEE_CHECK(Grow(size).ok()); }

  // Appends until there are `size` leaves, in one transaction.
  Status Grow(uint64_t size) {
    return engine_->Write([&](store::WriteTransaction& transaction) {
      auto writer = audit::TreeWriter::Begin(transaction);
      if (!writer.ok()) return writer.status();
      while (writer->size() < size) {
        const uint64_t next = writer->size();
        auto index = writer->Append(AsBytes(NaiveTree::LeafText(next)));
        if (!index.ok()) return index.status();
        BAILEE_CHECK(*index == next);
      }
      return writer->Finish();
    });
  }

  // Deletes the first `count` leaves as a pruning does.
  void Prune(uint64_t count) {
    for (uint64_t i = 0; i < count; ++i) Delete(store::Table::kAuditLeaf, audit::LeafKey(i));
    Bytes row(8);
    for (size_t i = 0; i < 8; ++i) row[i] = static_cast<uint8_t>(count >> (56 - 8 * i));
    Put(store::Table::kMeta, AsBytes("pruned"), row);
  }

  void Put(store::Table table, ByteView key, ByteView value) {
    Change(
        [&](store::WriteTransaction& transaction) { return transaction.Put(table, key, value); });
  }
  void Delete(store::Table table, ByteView key) {
    Change([&](store::WriteTransaction& transaction) { return transaction.Delete(table, key); });
  }
  Bytes Get(store::Table table, ByteView key) {
    const auto snapshot = *engine_->Read();
    const ByteView row = (*snapshot->Get(table, key)).value();
    return {row.begin(), row.end()};
  }

  store::Engine& engine() { return *engine_; }
  std::unique_ptr<store::Snapshot> Read() { return *engine_->Read(); }

 private:
  void Change(const store::Engine::Job& job) { BAILEE_CHECK(engine_->Write(job).ok()); }

  std::unique_ptr<store::Engine> engine_ = MakeMemoryEngine();
};

}  // namespace bailee::testing
