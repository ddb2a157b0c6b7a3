// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "audit/cut.h"
#include "audit/findings.h"
#include "audit/leaf.h"
#include "bailee/bytes.h"
#include "bailee/ids.h"

namespace bailee::audit {

using Watermarks = std::map<InstanceId, Watermark>;

// Follows every instance through the leaves, without any key, and finds what FORMAT.md §13 says
// cannot be. Pure. Memory: what is open, and 24 bytes for each instance that ended.
//
// Findings about a leaf, all broken but the last:
//   trail.leaf-malformed     it does not parse
//   trail.other-vault        an opening of another vault
//   trail.opened-twice       an instance opens that did before
//   trail.not-open           of an instance that has not opened, or has ended
//   trail.entry-missing      its number leaves some out
//   trail.entry-repeated     its number was there before
//   trail.transaction-order  a write of an earlier transaction than the write before it
//   trail.ends-differ        an end that is not where the instance was
//   trail.end-unproven       an instance ended without closing: nobody can say that there was no
//                            more of it; names the entries of a range, or bytes after the last,
//                            that were not known to the tree before
class Replay {
 public:
  // `open`: what is open before the first leaf. `findings` outlives the replay.
  Replay(const VaultId& vault, OpenInstances open, Findings& findings);

  // The next leaf. Returns what it is if it parses.
  std::optional<Leaf> Add(uint64_t index, ByteView bytes);
  // The next leaves are missing, which somebody else has found.
  void Miss() { complete_ = false; }

  // After the last leaf: compares with the watermarks of the same moment. Findings, all broken:
  //   trail.watermark-missing   of an open instance
  //   trail.watermark-differs   it says something else than the leaves
  //   trail.watermark-stray     of an instance that never was, or one that ended and is said to be
  //                             open
  // `pruned` leaves are gone: of instances among them it is not known that they were.
  void Finish(const Watermarks& watermarks, uint64_t pruned);

  const OpenInstances& open() const { return open_; }
  uint64_t entries() const { return entries_; }
  uint64_t instances() const { return instances_; }
  // Whether an instance ended among the leaves. REQUIRES: Finish was called.
  bool HasEnded(const InstanceId& instance) const;

 private:
  using Place = std::pair<InstanceId, uint64_t>;  // an instance and the leaf where it opened

  void Open(uint64_t index, const Leaf& leaf);
  void AddEntry(uint64_t index, const Leaf& leaf, OpenInstance& open);
  void AddWrite(uint64_t index, const Leaf& leaf, OpenInstance& open);
  bool TakeNumber(uint64_t index, const Leaf& leaf, uint64_t& expected);
  void End(uint64_t index, const Leaf& leaf);
  void CheckOpening();
  void CheckOpen(const Watermarks& watermarks);

  const VaultId vault_;
  Findings& findings_;
  OpenInstances open_;
  std::map<InstanceId, uint64_t> opened_at_;  // of those in open_
  std::vector<Place> ended_;
  uint64_t transaction_ = 0;  // of the last write
  uint64_t entries_ = 0;
  uint64_t instances_ = 0;
  bool complete_ = true;
};

}  // namespace bailee::audit
