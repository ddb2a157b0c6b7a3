// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>

#include "audit/leaf.h"
#include "bailee/bytes.h"
#include "bailee/ids.h"
#include "bailee/result.h"
#include "store/engine.h"

// What has to be known at one point of the tree to go on from there: FORMAT.md §13.6.
namespace bailee::audit {

// An instance that opened and has not ended, as its leaves so far have it.
struct OpenInstance {
  ChainEnds ends;
  uint64_t offset = 0;  // bytes of its journal, head included, that are in the tree
  Bytes head;           // of its journal

  bool operator==(const OpenInstance&) const = default;
};

using OpenInstances = std::map<InstanceId, OpenInstance>;

// As its opening leaves it. REQUIRES: `head` parses.
OpenInstance NewInstance(ByteView head);

// `state` of §13.6.
Bytes EncodeOpenInstance(const OpenInstance& open);
// Errors: kDamage "trail.bad-cut", also if the head is not that of `instance`.
Result<OpenInstance> ParseOpenInstance(const InstanceId& instance, ByteView state);

// The key of an instance's row in the table meta.
Bytes CutKey(const InstanceId& instance);

// What the pruning of the first `pruned` leaves left. Errors: kDamage "trail.bad-cut"; those of the
// store.
Result<OpenInstances> ReadCut(store::Snapshot& snapshot, uint64_t pruned);

// Makes the rows say that the first `pruned` leaves are gone and `open` is what they left.
Status PutCut(store::WriteTransaction& transaction, uint64_t pruned, const OpenInstances& open);

}  // namespace bailee::audit
