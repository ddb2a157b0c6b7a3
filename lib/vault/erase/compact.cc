// SPDX-License-Identifier: Apache-2.0
#include "vault/erase/compact.h"

#include "base/try.h"

namespace bailee::vault {

Result<Compacted> CompactVault(VaultImpl& vault) {
  Compacted done;
  BAILEE_TRY(const store::Engine::Statistics before, vault.engine().Measure());
  done.bytes_before = before.file_bytes;
  BAILEE_RETURN_IF_ERROR(vault.engine().Compact());
  BAILEE_TRY(const store::Engine::Statistics after, vault.engine().Measure());
  done.bytes_after = after.file_bytes;
  BAILEE_RETURN_IF_ERROR(vault.Write([&](Frame& frame) -> Status {
    BAILEE_TRY(done.decision, vault.RecordWrite(frame, {.kind = EventKind::kCompact}));
    return Status();
  }));
  return done;
}

}  // namespace bailee::vault
