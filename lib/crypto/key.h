// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <utility>

#include "bailee/bytes.h"
#include "bailee/result.h"
#include "bailee/secret.h"
#include "base/try.h"
#include "crypto/random.h"

namespace bailee::crypto {

inline constexpr size_t kKeyBytes = 32;

// A 32-byte key in guarded memory, of whatever kind: what functions of this module take. Values are
// always of some KeyOf. Move-only; thread-compatible.
class Key {
 public:
  // Calls `use` with the 32 bytes as ByteView, valid only during the call, and returns what it
  // returns. REQUIRES: not moved from.
  template <typename Use>
  decltype(auto) Reveal(Use&& use) const {
    return bytes_.RevealBytes(std::forward<Use>(use));
  }

  // Moved from, or never made.
  bool empty() const { return bytes_.empty(); }

 protected:
  Key() = default;
  explicit Key(Secret bytes) : bytes_(std::move(bytes)) {}
  Key(Key&&) noexcept = default;
  Key& operator=(Key&&) noexcept = default;
  ~Key() = default;

  // Errors: kFull "secret.arena-full".
  static Result<Secret> RandomBytes(Random& random);
  // Errors: kDamage "crypto.key-size" unless there are exactly 32 bytes; kFull.
  static Result<Secret> CheckedCopy(ByteView bytes);
  static Result<Secret> Checked(Secret bytes);

 private:
  Secret bytes_;
};

// A key whose Tag says what it may be used for; one kind does not convert to another.
template <typename Tag>
class KeyOf final : public Key {
 public:
  KeyOf() = default;  // empty, to be assigned to
  KeyOf(KeyOf&&) noexcept = default;
  KeyOf& operator=(KeyOf&&) noexcept = default;

  // A fresh key. Errors: kFull "secret.arena-full".
  static Result<KeyOf> Generate(Random& random) {
    BAILEE_TRY(Secret bytes, RandomBytes(random));
    return KeyOf(std::move(bytes));
  }

  // A copy of `bytes`, which the caller wipes.
  // Errors: kDamage "crypto.key-size" unless there are exactly 32; kFull "secret.arena-full".
  static Result<KeyOf> FromBytes(ByteView bytes) {
    BAILEE_TRY(Secret copy, CheckedCopy(bytes));
    return KeyOf(std::move(copy));
  }

  // Takes over `bytes`. Errors: kDamage "crypto.key-size" unless there are exactly 32.
  static Result<KeyOf> FromSecret(Secret bytes) {
    BAILEE_TRY(Secret checked, Checked(std::move(bytes)));
    return KeyOf(std::move(checked));
  }

  // A second copy, said out loud. Errors: kFull "secret.arena-full".
  Result<KeyOf> Clone() const {
    return Reveal([](ByteView bytes) { return FromBytes(bytes); });
  }

 private:
  explicit KeyOf(Secret bytes) : Key(std::move(bytes)) {}
};

using StorageKey = KeyOf<struct StorageKeyTag>;  // opens what a keyless reader must not see
using EpochKey = KeyOf<struct EpochKeyTag>;      // E: opens group keys; can be wiped
using GroupKey = KeyOf<struct GroupKeyTag>;      // one of 256; opens shard keys
using ShardKey = KeyOf<struct ShardKeyTag>;      // one of 16,384; opens subject rows
using SubjectKey = KeyOf<struct SubjectKeyTag>;  // S: without it no value of a subject opens
using HistoryKey = KeyOf<struct HistoryKeyTag>;  // H: opens what is told of a subject
using PurposeKey = KeyOf<struct PurposeKeyTag>;  // K of one leaf purpose, one version
using CompartmentKey = KeyOf<struct CompartmentKeyTag>;  // D of (subject, compartment, terms)
using IndexKey = KeyOf<struct IndexKeyTag>;              // tags of one field for one lookup purpose
using RefKey = KeyOf<struct RefKeyTag>;                  // tags of refs of subjects
using TagKey = KeyOf<struct TagKeyTag>;                  // tags of refs of browser tags
using UnlockKey = KeyOf<struct UnlockKeyTag>;            // opens the secrets of a keyring file
using BoxSecret = KeyOf<struct BoxSecretTag>;            // X25519 secret
using BoxKey = KeyOf<struct BoxKeyTag>;                  // K of one box
using ChainKey = KeyOf<struct ChainKeyTag>;              // a chain of keys of the trail
using FeedKey = KeyOf<struct FeedKeyTag>;                // what collecting adds to reports
using StreamKey = KeyOf<struct StreamKeyTag>;            // of one backup stream
using StreamIndexKey = KeyOf<struct StreamIndexKeyTag>;  // what data streams name
using SigningSeed = KeyOf<struct SigningSeedTag>;        // Ed25519 seed

}  // namespace bailee::crypto
