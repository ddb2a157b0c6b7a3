// SPDX-License-Identifier: Apache-2.0
#include "context.h"

#include <fmt/format.h>

#include "bailee/limits.h"
#include "files.h"
#include "terminal.h"

namespace bailee::tool {

Result<Unlock> Context::GlobalUnlock() const {
  if (!globals.key_file.empty()) return Unlock::KeyFile(globals.key_file);
  if (globals.passphrase_file.empty()) return Unlock::Nothing();
  auto passphrase = ReadPassphraseFile(globals.passphrase_file);
  if (!passphrase.ok()) return passphrase.status();
  return Unlock::Passphrase(*std::move(passphrase));
}

Result<Keyring> Context::LoadKeyring(const std::string& text) {
  auto source = KeySource::Parse(text);
  if (!source.ok()) return source.status();
  auto unlock = GlobalUnlock();
  if (!unlock.ok()) return unlock.status();
  out_.Detail(fmt::format("keyring {}", text));
  const bool nothing_named = unlock->kind() == Unlock::Kind::kNothing;
  auto keyring = Keyring::Load(*source, *std::move(unlock));
  if (keyring.ok() || !nothing_named || keyring.status().name() != "key.locked") return keyring;
  // A descriptor cannot be read twice, and a key file cannot be typed.
  if (source->kind() == KeySource::Kind::kDescriptor || !HasTerminal()) return keyring;
  auto passphrase = AskSecret(fmt::format("passphrase of {}: ", text));
  if (!passphrase.ok()) return passphrase.status();
  return Keyring::Load(*source, Unlock::Passphrase(*std::move(passphrase)));
}

Status Context::RequireVault() const {
  if (!globals.vault.empty()) return {};
  return {Code::kUsage, "usage.no-vault-named", "no vault was named",
          "add --vault DIR, or set BAILEE_VAULT"};
}

Result<Keyring> Context::NamedKeyring() {
  if (Status named = RequireVault(); !named.ok()) return named;
  if (globals.keyring.empty()) {
    return Status(Code::kUsage, "usage.no-keyring-named", "no keyring was named",
                  "add --keyring SOURCE, or set BAILEE_KEYRING; see bailee help key-sources");
  }
  out_.Detail(fmt::format("vault {}", globals.vault));
  return LoadKeyring(globals.keyring);
}

Result<Vault> Context::OpenVault() {
  auto keyring = NamedKeyring();
  if (!keyring.ok()) return keyring.status();
  return Vault::Open(globals.vault, *std::move(keyring),
                     {.regions = globals.regions, .epoch_path = globals.epoch});
}

Result<Vault> Context::OpenVaultWith(Keyring keyring) {
  if (Status named = RequireVault(); !named.ok()) return named;
  out_.Detail(fmt::format("vault {}", globals.vault));
  return Vault::Open(globals.vault, std::move(keyring),
                     {.regions = globals.regions, .epoch_path = globals.epoch});
}

Result<AuditTrail> Context::OpenTrail() {
  auto keyring = NamedKeyring();
  if (!keyring.ok()) return keyring.status();
  return AuditTrail::Open(globals.vault, *std::move(keyring));
}

Result<PolicyDocument> ReadPolicyFile(const std::string& path,
                                      std::vector<PolicyFinding>* findings) {
  auto text = ReadTextFile(path, limits::kPolicyFileBytesMax, "policy file");
  if (!text.ok()) return text.status();
  return PolicyDocument::FromText(*text, path, findings);
}

Result<PolicyDocument> Context::LoadPolicy(const std::string& file) {
  if (!file.empty()) {
    out_.Detail(fmt::format("policy file {}", file));
    return ReadPolicyFile(file);
  }
  auto vault = OpenVault();
  if (!vault.ok()) {
    if (vault.status().name() != "usage.no-vault-named") return vault.status();
    return Status(Code::kUsage, "usage.no-policy-named", "neither a policy nor a vault was named",
                  "add --policy FILE, or --vault DIR and --keyring SOURCE");
  }
  auto bytes = vault->PolicyInForce();
  if (!bytes.ok()) return bytes.status();
  return PolicyDocument::FromBinary(*bytes);
}

}  // namespace bailee::tool
