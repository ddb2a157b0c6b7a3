// SPDX-License-Identifier: Apache-2.0
#include "support/temp_vault.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/file.h"
#include "base/hex.h"
#include "crypto/random.h"
#include "support/must.h"

namespace bailee {
TempDirectory::TempDirectory() {
  std::string pattern = (std::filesystem::temp_directory_path() / "bailee-test-XXXXXX").string();
  const char* made = mkdtemp(pattern.data());
  if (made == nullptr) std::abort();
  path_ = made;
}

TempDirectory::~TempDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string ReadFile(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream content;
  content << in.rdbuf();
  return content.str();
}

std::string PolicyText(std::string_view name) {
  const char* elsewhere = std::getenv("BAILEE_POLICIES");  // set by tools/clauses --mutate
  const std::filesystem::path folder =
      elsewhere != nullptr ? elsewhere : BAILEE_SOURCE_DIR "/proto/policies";
  return ReadFile(folder / (std::string(name) + ".textproto"));
}

Secret MakeSecret(std::string_view text) { return Must(Secret::From(text), "a secret"); }

TempVault::TempVault(const std::string& policy_text)
    : path_(directory_ / "vault"), clock_(kJune2013) {
  CreatedVault created =
      Must(Vault::Create(path_, {.policy_text = policy_text, .clock = &clock_}), "making a vault");
  id_ = created.id;
  for (std::vector<KeyringFile>* kind : {&created.reserved, &created.origins}) {
    for (const KeyringFile& file : *kind) {
      const std::string path = directory_ / (file.name + ".keyring");
      if (!SystemFiles().WriteNewSecret(path, file.bytes).ok()) std::abort();
      files_[file.name] = path;
    }
  }
}

Status TempVault::Keep(const std::vector<KeyringFile>& files) {
  static std::atomic<int> number = 0;
  for (const KeyringFile& file : files) {
    const std::string path =
        directory_ / (file.name + "-" + std::to_string(++number) + ".origin.keyring");
    if (Status written = SystemFiles().WriteNewSecret(path, file.bytes); !written.ok())
      return written;
    files_[file.name] = path;
  }
  return Status();
}

Keyring TempVault::Origin(std::string_view name) const {
  const auto file = files_.find(name);
  if (file == files_.end()) std::abort();
  return Must(Keyring::Load(KeySource::File(file->second)), name);
}

Keyring TempVault::Granted(std::string_view actor, const std::vector<std::string>& purposes) const {
  const Keyring authority = Origin("authority");
  std::vector<Keyring> origins;
  origins.push_back(Origin("storage"));
  for (const std::string& purpose : purposes) {
    origins.push_back(Origin(purpose));
    // Indexes that a later version of the policy added.
    const std::string later = purpose + "-v";
    for (auto it = files_.lower_bound(later); it != files_.end(); ++it) {
      if (!it->first.starts_with(later)) break;
      origins.push_back(Origin(it->first));
    }
  }
  std::vector<const Keyring*> sources;
  for (const Keyring& origin : origins) sources.push_back(&origin);
  const KeyringFile granted = Must(
      Grant(authority, sources, {std::string(actor), purposes}, Unlock::Nothing(), Clock::System()),
      "granting");
  // Forked children make theirs in the same directory, and numbers of processes come again.
  const std::string name = ToHex(crypto::RandomArray<8>(crypto::SystemRandom()));
  const std::string path = directory_ / ("granted-" + name + ".keyring");
  Must(SystemFiles().WriteNewSecret(path, granted.bytes), path);
  return Must(Keyring::Load(KeySource::File(path)), "a granted keyring");
}

Result<Vault> TempVault::TryOpen(Keyring keyring, OpenOptions options) {
  if (options.clock == nullptr) options.clock = &clock_;
  options.map_bytes = uint64_t{1} << 30;
  return Vault::Open(path_, std::move(keyring), options);
}

Vault TempVault::Open(const std::vector<std::string>& purposes, const OpenOptions& options) {
  return Must(TryOpen(Granted("tester", purposes), options), "opening a vault");
}

}  // namespace bailee
