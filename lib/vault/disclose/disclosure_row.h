// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>

#include "bailee/bytes.h"
#include "bailee/disclose.h"
#include "bailee/ids.h"
#include "bailee/result.h"
#include "crypto/key.h"
#include "crypto/random.h"
#include "keys/keyring_keys.h"
#include "store/engine.h"

// Rows of the accounting: FORMAT.md §15.1.
namespace bailee::vault {

inline constexpr size_t kDisclosureKeyBytes = 24;
using DisclosureKey = std::array<uint8_t, kDisclosureKeyBytes>;
DisclosureKey DisclosureKeyOf(const Handle& handle, uint64_t sequence);

// Which parcel a disclosure went in; zero: none.
using ParcelId = Id<struct ParcelIdTag>;

// Errors: kFull. REQUIRES: names fit a `str8`, fields 255, records kDisclosedRecordsMax.
Result<Bytes> SealDisclosure(const VaultId& vault, const DisclosureInfo& info,
                             const ParcelId& parcel, const crypto::HistoryKey& history,
                             crypto::Random& random);

// Errors: kDamage "disclosure.damaged"; kFull.
Result<DisclosureInfo> OpenDisclosure(const VaultId& vault, const Handle& handle, uint64_t sequence,
                                      const crypto::HistoryKey& history, ByteView row);

// The same row for `rights` alone, of somebody who is being erased. Errors: as OpenDisclosure.
Result<Bytes> KeepDisclosure(const VaultId& vault, const Handle& handle, uint64_t sequence,
                             const crypto::HistoryKey& history, ByteView row,
                             const keys::HeldPurpose& rights, crypto::Random& random);
bool IsKeptDisclosure(ByteView row);
// Errors: as OpenDisclosure; kKey "key.retired" if `keyring` has not the version of `rights` that
// the row is sealed under.
Result<DisclosureInfo> OpenKeptDisclosure(const VaultId& vault, const Handle& handle,
                                          uint64_t sequence, const keys::KeyringKeys& keyring,
                                          ByteView row);
// The version of `rights` that a kept row is sealed under. REQUIRES: IsKeptDisclosure. Errors:
// kDamage.
Result<uint16_t> KeptDisclosureVersion(ByteView row);
// A kept row under another version of `rights`. Errors: as OpenKeptDisclosure.
Result<Bytes> ResealKeptDisclosure(const VaultId& vault, const Handle& handle, uint64_t sequence,
                                   const keys::KeyringKeys& keyring, ByteView row,
                                   const keys::HeldPurpose& rights, crypto::Random& random);

// The number of the subject's last disclosure; 0: none. They are numbered without gaps.
// Errors: those of the store.
Result<uint64_t> LastDisclosure(store::Snapshot& snapshot, const Handle& handle);

}  // namespace bailee::vault
