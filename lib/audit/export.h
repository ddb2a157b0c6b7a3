// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "bailee/bytes.h"
#include "bailee/checkpoint.h"
#include "bailee/ids.h"
#include "bailee/result.h"
#include "store/engine.h"

namespace bailee::audit {

struct ExportRequest {
  VaultId vault;
  uint64_t first = 0;                    // leaf
  std::string_view text;                 // of the checkpoint, signed
  const Checkpoint* verified = nullptr;  // what it says; the tree extends it
};

// Writes the export of FORMAT.md §13.8 piece by piece. Returns the number of leaves. What was
// written before an error is no export.
// Errors: those of `write`; kNotFound "audit.leaf-pruned", "audit.beyond-tree"; kAuditBroken
// "trail.broken" if the leaves before `first` cannot be followed, "audit.tree-broken" if those from
// it on do not make the checkpoint's root; kDamage; those of the store.
Result<uint64_t> ExportLeaves(store::Engine& engine, const ExportRequest& request,
                              const std::function<Status(ByteView)>& write);

}  // namespace bailee::audit
