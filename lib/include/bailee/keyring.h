// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "bailee/clock.h"
#include "bailee/export.h"
#include "bailee/ids.h"
#include "bailee/result.h"
#include "bailee/secret.h"

namespace bailee {

// What opens a keyring file. Move-only: it may hold a passphrase.
class BAILEE_EXPORT Unlock {
 public:
  // The file needs nothing: it is protected by where it is kept (mode 0600, a credential store).
  static Unlock Nothing();
  // Argon2id over the passphrase, with the cost named in the file (bounded, FORMAT.md §6).
  static Unlock Passphrase(Secret passphrase);
  // The 32 bytes of the file at `path`, which must be a regular file of ours with mode 0600 or
  // stricter.
  static Unlock KeyFile(std::string path);

  enum class Kind : uint8_t { kNothing = 0, kPassphrase = 1, kKeyFile = 2 };
  Kind kind() const { return kind_; }
  const Secret& passphrase() const BAILEE_LIFETIME_BOUND { return passphrase_; }
  const std::string& key_file() const BAILEE_LIFETIME_BOUND { return key_file_; }

 private:
  Unlock() = default;
  Kind kind_ = Kind::kNothing;
  Secret passphrase_;
  std::string key_file_;
};

// Where a keyring's bytes come from. Holds no secret; copyable.
class BAILEE_EXPORT KeySource {
 public:
  // A file, which must be a regular file of ours with mode 0600 or stricter.
  static KeySource File(std::string path);

  // "file:PATH", "cred:NAME" (a file of that name in $CREDENTIALS_DIRECTORY, as systemd provides
  // it), "fd:N" (an open descriptor, read to its end) or "cmd:PATH" (a program run without
  // arguments or shell, whose output is the keyring). Text without a prefix is a file. Errors:
  // kUsage "key.source-unknown".
  static Result<KeySource> Parse(std::string_view text);

  enum class Kind : uint8_t { kFile, kCredential, kDescriptor, kCommand };
  Kind kind() const { return kind_; }
  const std::string& target() const BAILEE_LIFETIME_BOUND { return target_; }

 private:
  KeySource(Kind kind, std::string target) : kind_(kind), target_(std::move(target)) {}
  Kind kind_;
  std::string target_;
};

namespace keys {
class KeyringKeys;
}
struct KeyringFile;

// The keys of one holder: which purposes a process may act for. Move-only; the keys live in guarded
// memory and are wiped when it goes. Thread-compatible.
class BAILEE_EXPORT Keyring {
 public:
  // Reads and opens a keyring.
  // Errors: kNotFound (no such file); kKey "key.file-mode" (others may read it), "key.wrong"
  // (passphrase or key file does not open it), "key.locked" (it needs an unlock that was not
  // given), "key.not-a-keyring"; kDamage "key.damaged" (its checksum or signature does not hold);
  // kTooNew.
  static Result<Keyring> Load(const KeySource& source, Unlock unlock = Unlock::Nothing());

  // Opens one that was just made, without storing it. Errors: as Load.
  static Result<Keyring> Open(const KeyringFile& file, Unlock unlock = Unlock::Nothing());

  Keyring(Keyring&&) noexcept;
  Keyring& operator=(Keyring&&) noexcept;
  ~Keyring();

  // What the keyring says of itself, none of it secret.
  struct Description {
    VaultId vault;
    std::string keyring_id;  // 32 hex digits
    std::string actor;       // who acts with it
    Timestamp issued_at;
    uint64_t manifest_min = 0;                    // lowest manifest number it accepts
    bool storage = false;                         // may open the vault
    std::vector<std::string> purposes;            // leaf purposes and "rights", "upkeep", "tally"
    std::vector<std::string> indexes;             // "category.field/purpose"
    std::vector<std::string> roles;               // "authority", "log", "auditor", "backup"
    std::vector<uint16_t> purpose_versions = {};  // of the keys, in the order of `purposes`
    std::vector<uint16_t> index_versions = {};    // in the order of `indexes`
  };
  Description Describe() const;

  // As Describe, without opening the secrets: from the signed, readable part of the file.
  // Errors: as Load, but for kKey "key.wrong" and "key.locked".
  static Result<Description> Inspect(const KeySource& source);

  const keys::KeyringKeys& keys() const BAILEE_LIFETIME_BOUND { return *keys_; }
  explicit Keyring(std::unique_ptr<keys::KeyringKeys> keys);

 private:
  std::unique_ptr<keys::KeyringKeys> keys_;
};

// A keyring file that was just made and is not yet stored anywhere.
struct KeyringFile {
  std::string name;  // "billing", "authority"; the tool adds ".keyring"
  Secret bytes;      // the file's content
};

// Makes a keyring for the holder `actor` with the keys of the leaf purposes `purposes`, from
// keyrings that have them. `authority` signs; `sources` must hold the storage key and each purpose
// between them. With no purposes the holder can collect and cannot read anything back. Errors: kKey
// "key.authority-missing", "key.source-missing" (names the purpose), "key.other-vault",
// "key.other-authority" (a source was signed by somebody else); kUsage (bad actor name);
// kInvalidValue; kFailed "key.forked" (a keyring was loaded before this process was forked).
struct GrantRequest {
  std::string actor;                  // [a-z0-9][a-z0-9._-]{0,63}
  std::vector<std::string> purposes;  // leaves, or "rights", "upkeep", "tally"
};
BAILEE_EXPORT Result<KeyringFile> Grant(const Keyring& authority,
                                        const std::vector<const Keyring*>& sources,
                                        const GrantRequest& request, const Unlock& lock,
                                        const Clock& clock);

}  // namespace bailee
