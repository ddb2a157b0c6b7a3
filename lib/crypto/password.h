// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>

#include "bailee/bytes.h"
#include "bailee/result.h"
#include "bailee/secret.h"
#include "crypto/key.h"

namespace bailee::crypto {

// Argon2id version 1.3, one lane (RFC 9106). What is asked for is checked against these bounds
// before any memory is taken, so that a file cannot make a process run for hours or out of memory.
struct PasswordCost {
  uint32_t ops = 3;
  uint32_t mem_kib = 256 * 1024;  // KiB
};
inline constexpr PasswordCost kPasswordCostMin = {1, 8'192};
inline constexpr PasswordCost kPasswordCostMax = {10, 1'048'576};
using PasswordSalt = std::array<uint8_t, 16>;

// Whether `cost` is within the bounds.
// Errors: kDamage "crypto.password-cost".
Status CheckCost(const PasswordCost& cost);

// The key of a keyring file locked with `passphrase` (FORMAT.md §6). Takes about half a second and
// 256 MiB at the default cost.
// Errors: kDamage "crypto.password-cost"; kFailed "crypto.password-memory" if the memory cannot be
// had; kFull "secret.arena-full".
Result<UnlockKey> DeriveUnlockKey(const Secret& passphrase, const PasswordSalt& salt,
                                  const PasswordCost& cost);

// The verifier of a PASSWORD value: an Argon2id string in the PHC format, under 128 bytes, with a
// salt of its own.
// Errors: as DeriveUnlockKey.
Result<Secret> MakePasswordVerifier(const Secret& password, const PasswordCost& cost);

// Whether `password` is the one `verifier` was made of.
// Errors: kDamage "crypto.bad-verifier" if it is no such string, "crypto.password-cost" if it asks
// for more or less than the bounds; kFailed "crypto.password-memory".
Result<bool> CheckPassword(const Secret& verifier, const Secret& password);

}  // namespace bailee::crypto
