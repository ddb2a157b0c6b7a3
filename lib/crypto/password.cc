// SPDX-License-Identifier: Apache-2.0
#include "crypto/password.h"

#include <sodium.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <optional>
#include <string_view>

#include "base/try.h"

namespace bailee::crypto {
namespace {

constexpr size_t kSaltCharacters = 22;  // 16 bytes in base64 without padding
constexpr size_t kHashCharacters = 43;  // 32 bytes
static_assert(PasswordSalt().size() == crypto_pwhash_argon2id_SALTBYTES);

Status NoMemory() {
  return Status(Code::kFailed, "crypto.password-memory", "no memory for the password function",
                "give the process more memory or lower the cost");
}

// libsodium takes no null pointer, also for an empty password.
const char* NotNull(std::string_view text) { return text.empty() ? "" : text.data(); }

size_t MemoryBytes(const PasswordCost& cost) { return size_t{cost.mem_kib} * 1024; }

bool Skip(std::string_view& text, std::string_view expected) {
  if (!text.starts_with(expected)) return false;
  text.remove_prefix(expected.size());
  return true;
}

bool SkipNumber(std::string_view& text, uint32_t& value) {
  // A leading zero would be a second way to write the same number.
  if (text.starts_with('0')) return false;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc()) return false;
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  return true;
}

bool SkipBase64(std::string_view& text, size_t count) {
  constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  if (text.size() < count) return false;
  if (text.substr(0, count).find_first_not_of(kAlphabet) != std::string_view::npos) return false;
  text.remove_prefix(count);
  return true;
}

// What a verifier asks for, or nothing if it is none of ours.
std::optional<PasswordCost> ParseVerifier(std::string_view text) {
  PasswordCost cost;
  const bool parsed = Skip(text, "$argon2id$v=19$m=") && SkipNumber(text, cost.mem_kib) &&
                      Skip(text, ",t=") && SkipNumber(text, cost.ops) && Skip(text, ",p=1$") &&
                      SkipBase64(text, kSaltCharacters) && Skip(text, "$") &&
                      SkipBase64(text, kHashCharacters) && text.empty();
  if (!parsed) return std::nullopt;
  return cost;
}

}  // namespace

Status CheckCost(const PasswordCost& cost) {
  if (cost.ops >= kPasswordCostMin.ops && cost.ops <= kPasswordCostMax.ops &&
      cost.mem_kib >= kPasswordCostMin.mem_kib && cost.mem_kib <= kPasswordCostMax.mem_kib) {
    return Status();
  }
  return Status(Code::kDamage, "crypto.password-cost", "the cost of a password is out of bounds",
                "1 to 10 passes over 8 MiB to 1 GiB are accepted");
}

Result<UnlockKey> DeriveUnlockKey(const Secret& passphrase, const PasswordSalt& salt,
                                  const PasswordCost& cost) {
  BAILEE_RETURN_IF_ERROR(CheckCost(cost));
  BAILEE_TRY(Secret bytes, Secret::Allocate(kKeyBytes));
  const int failed = bytes.RevealMutable([&](std::span<uint8_t> out) {
    return passphrase.Reveal([&](std::string_view text) {
      return crypto_pwhash_argon2id(out.data(), out.size(), NotNull(text), text.size(), salt.data(),
                                    cost.ops, MemoryBytes(cost), crypto_pwhash_ALG_ARGON2ID13);
    });
  });
  if (failed != 0) return NoMemory();
  return UnlockKey::FromSecret(std::move(bytes));
}

Result<Secret> MakePasswordVerifier(const Secret& password, const PasswordCost& cost) {
  BAILEE_RETURN_IF_ERROR(CheckCost(cost));
  BAILEE_TRY(Secret buffer, Secret::Allocate(crypto_pwhash_argon2id_STRBYTES));
  const int failed = buffer.RevealMutable([&](std::span<uint8_t> out) {
    return password.Reveal([&](std::string_view text) {
      return crypto_pwhash_argon2id_str(reinterpret_cast<char*>(out.data()), NotNull(text),
                                        text.size(), cost.ops, MemoryBytes(cost));
    });
  });
  if (failed != 0) return NoMemory();
  return buffer.Reveal(
      [](std::string_view text) { return Secret::From(text.substr(0, text.find('\0'))); });
}

Result<bool> CheckPassword(const Secret& verifier, const Secret& password) {
  const std::optional<PasswordCost> cost = verifier.Reveal(ParseVerifier);
  if (!cost) {
    return Status(Code::kDamage, "crypto.bad-verifier", "a stored password is not a verifier",
                  "restore it from a backup");
  }
  BAILEE_RETURN_IF_ERROR(CheckCost(*cost));
  // libsodium wants a zero byte at the end.
  BAILEE_TRY(Secret terminated, Secret::Allocate(verifier.size_bytes() + 1));
  terminated.RevealMutable([&](std::span<uint8_t> out) {
    verifier.RevealBytes(
        [&](ByteView bytes) { std::memcpy(out.data(), bytes.data(), bytes.size()); });
  });
  errno = 0;
  const int failed = terminated.Reveal([&](std::string_view text) {
    return password.Reveal([&](std::string_view given) {
      return crypto_pwhash_argon2id_str_verify(text.data(), NotNull(given), given.size());
    });
  });
  if (failed == 0) return true;
  if (errno != EINVAL) return NoMemory();  // EINVAL: it ran and the password is another
  return false;
}

}  // namespace bailee::crypto
