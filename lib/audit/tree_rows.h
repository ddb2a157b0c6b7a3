// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "audit/tree.h"
#include "bailee/result.h"
#include "store/engine.h"

// What the writer and the reader of the tree share.
namespace bailee::audit {

inline constexpr uint8_t kTreeRow[] = {'t', 'r', 'e', 'e'};
inline constexpr uint8_t kPrunedRow[] = {'p', 'r', 'u', 'n', 'e', 'd'};

// kDamage "audit.tree-damaged".
Status TreeDamaged(const char* what);

// The head; the empty tree's if there is no row. Errors: kDamage "audit.tree-damaged" if it does
// not parse or leaves are beyond it; those of the store.
Result<Frontier> ReadHead(store::Snapshot& snapshot);

}  // namespace bailee::audit
