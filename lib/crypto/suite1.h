// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "bailee/bytes.h"
#include "bailee/result.h"
#include "bailee/secret.h"
#include "crypto/key.h"
#include "crypto/random.h"

namespace bailee::crypto {

// Suite 1 (FORMAT.md §4): an envelope opens under the key and the binding it was sealed with and no
// other, also if its maker was an enemy who knew all keys. `aad` is the encoded binding, see
// binding.h. The thread rule is that of the arguments.

inline constexpr size_t kSaltBytes = 24;
inline constexpr size_t kCommitmentBytes = 32;
inline constexpr size_t kEnvelopeOverhead = 72;  // salt ‖ commitment ‖ … ‖ tag

// Seals `plaintext`, which may lie in `out` from its byte 56 on, or apart from it.
// REQUIRES: out.size() == plaintext.size() + kEnvelopeOverhead.
void SealInto(const Key& key, ByteView aad, ByteView plaintext, Random& random,
              std::span<uint8_t> out);

// Appends an envelope to `out`. REQUIRES: `plaintext` and `aad` do not lie in `out`.
void SealAppend(const Key& key, ByteView aad, ByteView plaintext, Random& random, Bytes& out);

// The envelope by itself.
Bytes Seal(const Key& key, ByteView aad, ByteView plaintext, Random& random);

// Opens `envelope` into `out`. On failure `out` is zeroed.
// Errors: kKey "crypto.wrong-key" if it was not sealed with this key and binding, or its first 56
// bytes are damaged; kDamage "crypto.damaged" if the rest is, or it is shorter than any envelope.
// Callers say it in their own terms.
// REQUIRES: out.size() == envelope.size() − kEnvelopeOverhead, if it is as long as that.
Status OpenInto(const Key& key, ByteView aad, ByteView envelope, std::span<uint8_t> out);

// As OpenInto, into guarded memory. Errors: also kFull "secret.arena-full".
Result<Secret> Open(const Key& key, ByteView aad, ByteView envelope);

// What callers say of an Open that failed with `failure`: `damage`, but kFull stays what it is.
Status DamageUnlessFull(const Status& failure, Status damage);

}  // namespace bailee::crypto
