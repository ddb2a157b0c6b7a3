// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "audit/tree.h"
#include "bailee/bytes.h"
#include "bailee/result.h"
#include "store/engine.h"

namespace bailee::audit {

// Goes through the leaves of a range in order, however many there are: copies a few at a time out
// of short snapshots, so that no snapshot is live between two calls. Leaves never change; what is
// read is therefore one moment, that of whoever took the range from the tree. Thread-compatible.
class LeafCursor {
 public:
  // `engine` outlives the cursor.
  LeafCursor(store::Engine& engine, const LeafRange& range);

  // Moves to the next leaf, or gap where there are none; false at the end of the range.
  // Errors: kBusy "audit.pruned-meanwhile"; kDamage "audit.tree-damaged"; those of the store.
  Result<bool> Next();

  // As Next, but a gap is kDamage "audit.tree-damaged".
  Result<bool> NextLeaf();

  // The leaf, or the first of the gap.
  uint64_t index() const { return index_; }
  // Valid until Next; empty in a gap.
  ByteView leaf() const { return leaf_; }
  // Whether leaves from index() on and before gap_end() are missing.
  bool gap() const { return gap_end_ != 0; }
  uint64_t gap_end() const { return gap_end_; }
  // Rows passed whose key is that of no leaf; all of the range once Next returned false.
  uint64_t strays() const { return strays_; }

 private:
  struct Row {
    uint64_t index;
    Bytes leaf;
  };
  Status Fill();
  Status CheckGap();

  store::Engine& engine_;
  uint64_t next_;  // the leaf after index()
  const uint64_t end_;
  std::vector<Row> rows_;
  size_t at_ = 0;  // in rows_: the first not looked at
  Bytes from_;     // the key where the next filling begins
  bool ended_ = false;
  uint64_t strays_ = 0;
  uint64_t index_ = 0;
  ByteView leaf_;
  uint64_t gap_end_ = 0;
};

}  // namespace bailee::audit
