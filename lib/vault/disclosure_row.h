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
// Errors: as OpenDisclosure.
Result<DisclosureInfo> OpenKeptDisclosure(const VaultId& vault, const Handle& handle,
                                          uint64_t sequence, const keys::HeldPurpose& rights,
                                          ByteView row);

// The number of the subject's last disclosure; 0: none. They are numbered without gaps.
// Errors: those of the store.
Result<uint64_t> LastDisclosure(store::Snapshot& snapshot, const Handle& handle);

}  // namespace bailee::vault
