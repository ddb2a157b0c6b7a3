// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bailee/doctor.h"

// What doctor sees, apart from what it makes of it.
namespace bailee::vault {

struct MachineFacts {
  bool secrets_unmapped = false;  // memfd_secret
  bool secrets_locked = false;
  uint64_t lock_bytes_max = 0;  // RLIMIT_MEMLOCK
  uint64_t core_bytes_max = 0;  // RLIMIT_CORE
  bool dumpable = false;        // PR_GET_DUMPABLE
  std::string core_pattern;
  std::vector<std::string> swaps;  // names of areas in use
  Timestamp now;
  int lmdb_version[3] = {};
};

struct FileFacts {
  std::string name;
  bool there = false;
  uint32_t mode = 0;  // permission bits
  bool ours = false;  // owned by who runs this
};

struct KeyringFacts {
  FileFacts file;
  std::optional<Timestamp> issued_at;  // none: it could not be read
};

struct VaultFacts {
  std::vector<FileFacts> files;
  int64_t vault_filesystem = 0;  // statfs f_type
  int64_t epoch_filesystem = 0;
  uint64_t free_bytes = 0;
  uint64_t file_bytes = 0;
  // Of an opened store.
  Status opened;
  std::optional<Timestamp> latest;  // that the vault has seen
  uint32_t readers_used = 0;
  uint32_t readers_max = 0;
  uint64_t due = 0;      // rows of what is owed
  uint64_t keywork = 0;  // and of key work
};

MachineFacts LookAtMachine(const Clock& clock);
KeyringFacts LookAtKeyring(const std::string& path);
// Errors: kNoVault.
Result<VaultFacts> LookAtVault(const std::string& directory, const std::string& epoch_path);

std::vector<DoctorPoint> JudgeMachine(const MachineFacts& facts);
DoctorPoint JudgeFile(const FileFacts& file);
std::vector<DoctorPoint> JudgeKeyring(const KeyringFacts& facts, Timestamp now);
std::vector<DoctorPoint> JudgeVault(const VaultFacts& facts, Timestamp now);

}  // namespace bailee::vault
