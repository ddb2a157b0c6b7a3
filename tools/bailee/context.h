// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "bailee/audit_trail.h"
#include "bailee/keyring.h"
#include "bailee/policy.h"
#include "bailee/result.h"
#include "bailee/vault.h"
#include "output.h"

namespace CLI {
class App;
}

namespace bailee::tool {

// What every command understands. Each names a thing or where it is; none is a secret.
struct Globals {
  std::string vault;
  std::string keyring;
  std::string passphrase_file;
  std::string key_file;
  std::string regions;
  std::string epoch;
  std::string format;
  std::string field;
  std::string color = "auto";
  bool json = false;
  bool quiet = false;
  bool verbose = false;
};

// How a keyring is to be unlocked: by reference only.
struct UnlockFiles {
  std::string passphrase_file;
  std::string key_file;
};

// What a command runs with. Made by main, used by one thread.
class Context {
 public:
  explicit Context(Output& out) : out_(out) {}

  Output& out() { return out_; }
  Globals globals;

  // The tree of commands, for help and completions; lives as long as the context.
  const CLI::App* root = nullptr;

  // The unlock that the global options name. Errors: kKey "key.passphrase-file".
  Result<Unlock> GlobalUnlock() const;

  // Opens the keyring at `source`. With a passphrase asked for on the terminal if the file needs
  // one and none was named. Errors: as Keyring::Load.
  Result<Keyring> LoadKeyring(const std::string& source);

  // Opens the vault of --vault with the keyring of --keyring.
  // Errors: kUsage "usage.no-vault-named", "usage.no-keyring-named"; as Vault::Open.
  Result<Vault> OpenVault();

  // The same with this keyring. Errors: kUsage "usage.no-vault-named"; as Vault::Open.
  Result<Vault> OpenVaultWith(Keyring keyring);

  // Opens the audit trail of the vault of --vault with the keyring of --keyring.
  // Errors: as OpenVault; as AuditTrail::Open.
  Result<AuditTrail> OpenTrail();

  // The policy to ask: that of `file` if not empty, otherwise the one in force in the vault.
  Result<PolicyDocument> LoadPolicy(const std::string& file);

  // The keyring of --keyring, once --vault is named too: for what opens the vault by itself.
  // Errors: as OpenVault's, but of the vault.
  Result<Keyring> NamedKeyring();

  // What to exit with instead of the Status' code, e.g. 130; 0: nothing.
  int exit_override = 0;

 private:
  // Errors: kUsage "usage.no-vault-named".
  Status RequireVault() const;

  Output& out_;
};

// Reads the policy file at `path`. Errors: kNotFound "io.policy-file"; kPolicyInvalid.
Result<PolicyDocument> ReadPolicyFile(const std::string& path,
                                      std::vector<PolicyFinding>* findings = nullptr);

}  // namespace bailee::tool
