// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/stat.h>

#include <filesystem>
#include <string>
#include <vector>

#include "bailee/audit_trail.h"
#include "vault/stories.h"

namespace bailee {

// A vault with streams of it, and where it is restored to.
class BackupWorld {
 public:
  BackupWorld() : vault{PolicyText("livelook_2013")} {}

  std::string File(std::string_view name) const { return vault.directory() / name; }

  Result<BackedUp> Data(std::string_view name, std::string_view base = {}) {
    Vault open = vault.Open({});
    return open.BackUpData(
        {.file = File(name), .base = base.empty() ? std::string() : File(base), .progress = {}});
  }
  Result<BackedUp> Keys(std::string_view name = "keys") {
    Vault open = vault.Open({});
    return open.BackUpKeys({.file = File(name), .base = {}, .progress = {}});
  }
  Result<VerifiedBackup> Verify(const std::vector<std::string>& names) const {
    return VerifyBackup(vault.Origin("backup"), Paths(names));
  }

  // Into the directory `into`.
  Result<Restored> Restore(const std::vector<std::string>& names,
                           std::string_view into = "restored", BackupProgress progress = {}) {
    const Keyring backup = vault.Origin("backup");
    const Keyring authority = vault.Origin("authority");
    const Keyring storage = vault.Origin("upkeep");
    return RestoreVault({.directory = File(into),
                         .files = Paths(names),
                         .clock = &vault.clock(),
                         .map_bytes = uint64_t{1} << 30,
                         .epoch_path = {},
                         .progress = std::move(progress)},
                        {.backup = backup, .authority = authority, .storage = storage});
  }

  // What was restored, opened for these purposes.
  Result<Vault> Open(const std::vector<std::string>& purposes,
                     std::string_view directory = "restored") {
    return Vault::Open(File(directory), vault.Granted("tester", purposes),
                       {.clock = &vault.clock(), .map_bytes = uint64_t{1} << 30});
  }

  bool Exists(std::string_view name) const {
    return std::filesystem::exists(std::filesystem::symlink_status(File(name)));
  }
  // Files that a stream which did not come to be has left.
  size_t TemporaryFiles() const {
    size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(vault.directory().path()))
      count += entry.path().string().find(".tmp-") != std::string::npos ? 1U : 0U;
    return count;
  }

  std::vector<std::string> Paths(const std::vector<std::string>& names) const {
    std::vector<std::string> paths;
    for (const std::string& name : names) paths.push_back(File(name));
    return paths;
  }

  TempVault vault;
};

inline std::string UserNumber(size_t number) { return "user-" + std::to_string(number); }
inline Who UserOf(const std::string& ref) { return Who::Ref(ref); }

}  // namespace bailee
