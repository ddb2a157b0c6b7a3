// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "bailee/rotate.h"
#include "vault/frame/vault_impl.h"

namespace bailee::vault {

// meta["rotate" ‖ key]: where a rotation is. Not authenticated.
struct RotationRow {
  RotationState::Step step = RotationState::Step::kRunning;
  uint16_t from = 0;
  uint16_t to = 0;
  bool leaked = false;
  Timestamp begun_at;
  uint64_t rows = 0;
  Bytes cursor;  // part ‖ key of the row to go on with; empty: the first
  Bytes older;   // of the storage key: the one before, sealed
};
// Errors: kDamage "rotate.damaged"; those of the store.
Result<std::optional<RotationRow>> ReadRotation(store::Snapshot& snapshot, std::string_view key);
Status PutRotation(store::WriteTransaction& transaction, std::string_view key,
                   const RotationRow& row);
// The bytes of one. Errors: kDamage "rotate.damaged".
Result<RotationRow> ParseRotation(ByteView bytes);
inline constexpr std::string_view kMetaRotate = "rotate";  // and the key behind
Status DeleteRotation(store::WriteTransaction& transaction, std::string_view key);
RotationState StateOf(std::string_view key, const RotationRow& row);

// All that are under way. Errors: as ReadRotation.
Result<std::vector<RotationState>> Rotations(VaultImpl& vault);

}  // namespace bailee::vault
