// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "bailee/bytes.h"
#include "bailee/ids.h"
#include "bailee/result.h"
#include "bailee/secret.h"
#include "crypto/box.h"
#include "crypto/key.h"
#include "crypto/names.h"
#include "crypto/random.h"
#include "keys/back_rows.h"
#include "store/engine.h"

// Pending entries: FORMAT.md §11.3. What a writer without the key of an index leaves for whoever
// holds the lookup purpose.
namespace bailee::keys {

// The first byte of their keys.
inline constexpr uint8_t kPendingKind = 0x04;

// A value on its way to an index whose key its writer does not hold.
struct Pending {
  RecordId record;
  Secret index_form;
};

// What a pending entry is bound to.
struct PendingPlace {
  VaultId vault;
  Handle handle;
  IndexName index;
  crypto::NameId purpose;
  uint16_t purpose_version = 0;
};

// Leaves an entry for a holder of the lookup purpose, whose public half is `recipient`, that of the
// version that `place` names.
// Errors: kDamage (weak public key); kFull; those of the store.
Status PutPending(store::WriteTransaction& transaction, const PendingPlace& place,
                  const crypto::SubjectKey& subject, const crypto::BoxPublicKey& recipient,
                  const RecordId& record, ByteView index_form, crypto::BoxSender& sender,
                  crypto::Random& random);

// Whether the outer layer of a pending entry opens. Errors: kDamage "lookup.damaged"; kFull.
Status CheckPending(const VaultId& vault, ByteView key, ByteView value,
                    const crypto::SubjectKey& subject);

// The value of a pending entry under another S. Errors: kDamage "lookup.damaged"; kFull.
Result<Bytes> ResealPending(const VaultId& vault, ByteView key, ByteView value,
                            const crypto::SubjectKey& old_key, const crypto::SubjectKey& new_key,
                            crypto::Random& random);

// The first bytes of the keys of all pending entries, and of those of one index.
Bytes PendingPrefix();
Bytes PendingPrefix(const IndexName& index);

// The parts of a pending entry's key. Errors: kDamage "lookup.damaged".
struct PendingKey {
  IndexName index;
  Handle handle;
  RowNonce nonce;
};
Result<PendingKey> ParsePendingKey(ByteView key);

// The version of the lookup purpose's key that a pending entry was left for. Errors: kDamage
// "lookup.damaged".
Result<uint16_t> PendingPurposeVersion(ByteView value);

// Errors: kDamage "lookup.damaged", also if it was left for another version than `place` names;
// kFull.
Result<Pending> OpenPending(const PendingPlace& place, const RowNonce& nonce,
                            const crypto::SubjectKey& subject, const crypto::PurposeKey& purpose,
                            ByteView value);

}  // namespace bailee::keys
