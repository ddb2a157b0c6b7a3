// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "bailee/bytes.h"
#include "bailee/clock.h"
#include "bailee/ids.h"
#include "bailee/result.h"
#include "crypto/box.h"
#include "crypto/key.h"
#include "crypto/random.h"

namespace bailee::audit {

// The bytes of a journal (FORMAT.md §13.2). Every Parse* takes hostile bytes.

// --- Head
// -----------------------------------------------------------------------------------------

// No head is longer than this: reading as much of a file is enough to parse it.
inline constexpr size_t kHeadBytesMax = 2048;

// Who opened the vault. Texts have at most 255 bytes.
struct Origin {
  std::string actor;
  std::array<uint8_t, 16> keyring_id{};
  uint32_t uid = 0;
  uint32_t pid = 0;
  std::string host;
  std::string program;

  bool operator==(const Origin&) const = default;
};

// What anybody can read of a head.
struct Head {
  VaultId vault;
  InstanceId instance;
  Timestamp opened_at;
  Bytes box;
  size_t size_bytes = 0;  // of the whole head: where the first entry begins
};

// A head to be written, and the keys it tells the auditor.
struct NewHead {
  Bytes bytes;
  crypto::ChainKey journal_first;  // J_0
  crypto::ChainKey writes_first;   // W_0
};

// What the auditor reads in a head.
struct OpenedHead {
  crypto::ChainKey journal_first;
  crypto::ChainKey writes_first;
  Origin origin;
};

// Makes the first keys of `instance` and seals them to the auditor. Texts of `origin` are cut after
// 255 bytes. Errors: kDamage "crypto.weak-public-key"; kFull "secret.arena-full".
Result<NewHead> BuildHead(const VaultId& vault, const InstanceId& instance, Timestamp opened_at,
                          const Origin& origin, const crypto::BoxPublicKey& auditor,
                          crypto::Random& random);

// The head that `bytes` begin with. Errors: kDamage "trail.bad-head".
Result<Head> ParseHead(ByteView bytes);

// Errors: kKey "crypto.wrong-key" if it was sealed to another auditor, or its clear part was
// changed; kDamage "crypto.damaged", "crypto.weak-public-key", "crypto.bad-padding",
// "trail.bad-head"; kFull "secret.arena-full".
Result<OpenedHead> OpenHead(const Head& head, const crypto::BoxOpener& auditor);

// --- Entries
// --------------------------------------------------------------------------------------

inline constexpr size_t kEntryHeadBytes = 24;               // size, number, attempt, check
inline constexpr size_t kEntryBytesMax = size_t{16} << 20;  // of the ciphertext

enum class EntryState : uint8_t {
  kWhole,
  kTorn,     // the bytes end before the entry does, or are zero from here to their end
  kDamaged,  // no writer wrote this as it stands; at the end of a journal also what a crash of the
             // machine or a failed write leaves
};

struct Entry {
  EntryState state = EntryState::kTorn;  // the rest is set only if whole
  uint64_t number = 0;
  uint32_t attempt = 0;
  ByteView ciphertext;    // lies in what was parsed
  size_t size_bytes = 0;  // of the whole entry: where the next one begins
};

// The entry that `bytes` begin with.
Entry ParseEntry(const InstanceId& instance, ByteView bytes);

// Completes `frame`, which holds an event's bytes from kEntryHeadBytes on, to the entry `number`:
// pads, seals in place, writes the head. `key` is the entry key of `number`, 32 bytes. Allocates
// nothing if `frame` has the capacity. REQUIRES: the ciphertext will have at most kEntryBytesMax
// (see CiphertextSize); (key, attempt) was never used.
void SealEntry(ByteView key, const InstanceId& instance, uint64_t number, uint32_t attempt,
               Bytes& frame);

// The size of the ciphertext of an event of `event_bytes`.
size_t CiphertextSize(size_t event_bytes);

// The event's bytes, without padding, of an entry that is whole.
// Errors: kDamage "trail.forged-entry" if it does not open under `key`; "crypto.bad-padding".
Result<Bytes> OpenEntry(ByteView key, const Entry& entry);

}  // namespace bailee::audit
