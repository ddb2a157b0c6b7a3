// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "bailee/bytes.h"
#include "bailee/ids.h"
#include "bailee/result.h"
#include "bailee/secret.h"
#include "crypto/key.h"
#include "crypto/names.h"
#include "crypto/random.h"
#include "record/row.h"

// Sealed compartments: FORMAT.md §10 with label 1 of §4.1.
namespace bailee::record {

// Everything a sealed compartment is bound to: moved anywhere else, it does not open.
struct CompartmentPlace {
  VaultId vault;
  Handle handle;
  crypto::NameId category;
  RecordId record;  // sixteen zero bytes in a category that holds ONE
  uint16_t compartment = 0;
  uint32_t generation = 0;  // of D, as in the row's entry
  RecordHead head;          // terms, revision, collected_at
};

// Seals what EncodeFields made under D.
Bytes SealCompartment(const crypto::CompartmentKey& key, const CompartmentPlace& place,
                      const Secret& fields, crypto::Random& random);

// Opens a sealed compartment; the result is for Fields::Decode.
// Errors: kDamage "record.not-authentic" if `sealed` was not made with this key for this place;
// kFull "secret.arena-full".
Result<Secret> OpenCompartment(const crypto::CompartmentKey& key, const CompartmentPlace& place,
                               ByteView sealed);

}  // namespace bailee::record
