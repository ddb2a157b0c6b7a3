// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "bailee/bytes.h"
#include "bailee/inspect.h"

namespace bailee::vault {

// What rows of the trail tell without a key (FORMAT.md §13). Each takes hostile bytes, and leaves
// `row` as it is if it does not understand them.
void InspectLeaf(InspectedRow& row, ByteView key, ByteView value);
void InspectNode(InspectedRow& row, ByteView key);
// A row of the table meta that is no word: a watermark, or what a pruning left of an instance.
void InspectWatermark(InspectedRow& row, ByteView key, ByteView value);

}  // namespace bailee::vault
