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
                             const ParcelId& parcel, const crypto::SubjectKey& subject,
                             crypto::Random& random);

// Errors: kDamage "disclosure.damaged"; kFull.
Result<DisclosureInfo> OpenDisclosure(const VaultId& vault, const Handle& handle, uint64_t sequence,
                                      const crypto::SubjectKey& subject, ByteView row);

// The number of the subject's last disclosure; 0: none. They are numbered without gaps.
// Errors: those of the store.
Result<uint64_t> LastDisclosure(store::Snapshot& snapshot, const Handle& handle);

}  // namespace bailee::vault
