// SPDX-License-Identifier: Apache-2.0
#include "vault/check/doctor_facts.h"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <fstream>
#include <memory>

#include "bailee/keyring.h"
#include "base/arena.h"
#include "base/try.h"
#include "keys/shards.h"
#include "store/lmdb_engine.h"
#include "store/lmdb_host.h"
#include "vault/frame/meta.h"

namespace bailee::vault {
namespace {

using store::Table;

uint64_t LimitOf(decltype(RLIMIT_CORE) resource) {
  struct rlimit limit = {};
  return getrlimit(resource, &limit) == 0 ? limit.rlim_cur : 0;
}

FileFacts LookAtFile(const std::string& directory, const std::string& name) {
  FileFacts facts{.name = directory.empty() ? name : directory + "/" + name};
  struct stat info = {};
  if (stat(facts.name.c_str(), &info) != 0) return facts;
  facts.there = true;
  facts.mode = info.st_mode & 07777;
  facts.ours = info.st_uid == geteuid();
  return facts;
}

int64_t FilesystemOf(const std::string& path) {
  const Result<int64_t> type = store::FilesystemType(path);
  return type.ok() ? *type : 0;
}

// What the store says without any key.
Status LookInside(const std::string& directory, VaultFacts& facts) {
  BAILEE_TRY(const std::unique_ptr<store::Engine> engine, store::OpenLmdb(directory, {}));
  BAILEE_RETURN_IF_ERROR(engine->Say(keys::kNoEpochHeld));
  BAILEE_TRY(const store::Engine::Statistics statistics, engine->Measure());
  facts.readers_used = statistics.readers_used;
  facts.readers_max = statistics.readers_max;
  facts.file_bytes = statistics.file_bytes;
  facts.due = statistics.rows[static_cast<size_t>(Table::kDue)];
  facts.keywork = statistics.rows[static_cast<size_t>(Table::kKeywork)];
  BAILEE_TRY(const std::unique_ptr<store::Snapshot> snapshot, engine->Read());
  BAILEE_RETURN_IF_ERROR(ReadVaultRow(*snapshot).status());
  BAILEE_TRY(facts.latest, ReadLatestTime(*snapshot));
  return Status();
}

}  // namespace

MachineFacts LookAtMachine(const Clock& clock) {
  MachineFacts facts;
  const ArenaHealth memory = arena::Health();
  facts.secrets_unmapped = memory.kind == ArenaKind::kMemfdSecret;
  facts.secrets_locked = memory.locked;
  facts.lock_bytes_max = LimitOf(RLIMIT_MEMLOCK);
  facts.core_bytes_max = LimitOf(RLIMIT_CORE);
  facts.dumpable = prctl(PR_GET_DUMPABLE) == 1;
  std::getline(std::ifstream("/proc/sys/kernel/core_pattern"), facts.core_pattern);
  std::ifstream swaps("/proc/swaps");
  std::string line;
  std::getline(swaps, line);  // the names of the columns
  while (std::getline(swaps, line))
    facts.swaps.push_back(line.substr(0, line.find_first_of(" \t")));
  facts.now = clock.Now();
  store::LmdbVersion(facts.lmdb_version);
  return facts;
}

KeyringFacts LookAtKeyring(const std::string& path) {
  KeyringFacts facts{LookAtFile("", path), {}};
  const auto described = Keyring::Inspect(KeySource::File(path));
  if (described.ok()) facts.issued_at = described->issued_at;
  return facts;
}

Result<VaultFacts> LookAtVault(const std::string& directory, const std::string& epoch_path) {
  VaultFacts facts;
  for (const char* name : {"data.mdb", "lock.mdb", "openers", "journal"})
    facts.files.push_back(LookAtFile(directory, name));
  if (!facts.files.front().there) {
    return Status(Code::kNoVault, "store.not-a-vault", "the directory holds no vault",
                  "check the path, or make a vault there");
  }
  facts.files.push_back(LookAtFile("", directory));
  const std::string epoch = epoch_path.empty() ? directory + "/epoch" : epoch_path;
  facts.files.push_back(LookAtFile("", epoch));
  facts.vault_filesystem = FilesystemOf(directory);
  facts.epoch_filesystem = FilesystemOf(epoch);
  struct statvfs room = {};
  if (statvfs(directory.c_str(), &room) == 0)
    facts.free_bytes = uint64_t{room.f_bavail} * room.f_frsize;
  facts.opened = LookInside(directory, facts);
  return facts;
}

}  // namespace bailee::vault
