// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <optional>
#include <span>
#include <vector>

#include "bailee/disclose.h"
#include "bailee/secret.h"
#include "vault/frame/vault_impl.h"

// The list of addresses not to be written to: FORMAT.md §15.3.
namespace bailee::vault {

// The form of an address that it is listed and looked up by.
// Errors: kInvalidValue (no address); kFull.
Result<Secret> AddressForm(const Secret& address);

// Whether the address of this form is on the list. Errors: those of the store.
Result<bool> IsSuppressed(VaultImpl& vault, store::Snapshot& snapshot, std::string_view form);

enum class ListChange : uint8_t { kAdd, kRemove };

// Puts an address on the list, in a write that records it. Returns whether it was not there.
// Errors: kInvalidValue (no address); kFull; those of the store.
Result<bool> SuppressAddress(VaultImpl& vault, const Frame& frame, const Secret& address);

// The parts of Vault that bailee/disclose.h describes.
Result<SuppressOutcome> ChangeList(VaultImpl& vault, std::span<const Secret> addresses,
                                   ListChange change);
Result<SuppressOutcome> AddTags(VaultImpl& vault, std::span<const SuppressionTag> tags);
Result<std::vector<SuppressionTag>> ListTags(VaultImpl& vault,
                                             const std::optional<SuppressionTag>& after,
                                             size_t count_max);

}  // namespace bailee::vault
