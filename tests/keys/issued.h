// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdlib>
#include <string>

#include "bailee/bytes.h"
#include "bailee/keyring.h"
#include "base/file.h"
#include "crypto/hash.h"
#include "crypto/init.h"
#include "crypto/random.h"
#include "keys/issue.h"
#include "keys/keyring_file.h"
#include "support/error_is.h"
#include "support/temp_vault.h"

namespace bailee {

// The keys of a vault with two purposes and one index, and keyring files made of them.
class Issued {
 public:
  explicit Issued(uint8_t vault_number = 1) {
    if (!crypto::Init().ok()) std::abort();
    VaultId vault;
    vault.bytes.fill(vault_number);
    auto made = keys::GenerateVaultKeys(vault, {"billing", "support"}, {"card.pan/billing"},
                                        crypto::SystemRandom());
    if (!made.ok()) std::abort();
    keys = *std::move(made);
  }

  // The bytes of the keyring that init makes under this name.
  Bytes FileOf(std::string_view name) const {
    auto issued = keys::IssueKeyrings(keys, {1'000}, crypto::SystemRandom());
    if (!issued.ok()) std::abort();
    for (auto* kind : {&issued->reserved, &issued->origins}) {
      for (const KeyringFile& file : *kind) {
        if (file.name != name) continue;
        return file.bytes.RevealBytes([](ByteView b) { return Bytes(b.begin(), b.end()); });
      }
    }
    std::abort();
  }

  Keyring Load(std::string_view name) const {
    auto parsed = keys::ParseKeyring(FileOf(name), Unlock::Nothing());
    if (!parsed.ok()) std::abort();
    return Keyring(std::make_unique<keys::KeyringKeys>(*std::move(parsed)));
  }

  keys::VaultKeys keys;
};

// `file` with its checksum made to hold again: what anybody can do, since it has no key.
inline Bytes WithChecksum(Bytes file) {
  const auto sum =
      crypto::Hash<32>(crypto::person::kKeyring, {ByteView(file).first(file.size() - 32)});
  std::copy(sum.begin(), sum.end(), file.end() - 32);
  return file;
}

inline std::string SavePrivate(const TempDirectory& directory, std::string_view name,
                               ByteView bytes) {
  const std::string path = directory / name;
  auto secret = Secret::From(bytes);
  if (!secret.ok() || !SystemFiles().WriteNewSecret(path, *secret).ok()) std::abort();
  return path;
}

}  // namespace bailee
