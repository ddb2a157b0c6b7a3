// SPDX-License-Identifier: Apache-2.0
#include "store/lmdb_environment.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include "base/check.h"
#include "base/try.h"
#include "base/unique_fd.h"
#include "store/lmdb_errors.h"
#include "store/lmdb_transaction.h"

namespace bailee::store {
namespace {

// LMDB aborts after this; all that is left to do is to say so where an operator looks.
void OnBrokenInvariant(MDB_env* env, const char* message) {
  const auto* context = static_cast<EnvironmentContext*>(mdb_env_get_userctx(env));
  if (context != nullptr && context->broken != nullptr) context->broken->store(true);
  std::fprintf(stderr, "bailee: store: LMDB found its file or memory inconsistent: %s\n", message);
}

struct stat FileInfo(MDB_env* env) {
  mdb_filehandle_t fd = -1;
  BAILEE_CHECK(mdb_env_get_fd(env, &fd) == 0);
  struct stat info = {};
  if (fstat(fd, &info) != 0) info.st_size = 0;
  return info;
}

// Readers write to the lock file through a map: where it has no block and the disk is full, that
// would end the process. So its blocks are there before it is mapped, also those of slots that
// nobody has used yet. REQUIRES: LMDB has it not open: to close it would drop LMDB's locks.
Status ReserveLockFile(const std::string& directory, uint32_t readers_max) {
  constexpr off_t kSlotBytes = 64;
  constexpr off_t kHeadBytesMax = 4096;
  const std::string path = directory + "/lock.mdb";
  const UniqueFd file(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file.ok()) return LmdbError(errno, "open the lock file");
  const off_t bytes = kHeadBytesMax + kSlotBytes * static_cast<off_t>(readers_max);
  // Its length is LMDB's to choose.
  if (fallocate(file.get(), FALLOC_FL_KEEP_SIZE, 0, bytes) == 0 || errno == EOPNOTSUPP) return {};
  return LmdbError(errno, "reserve the lock file");
}

int Configure(MDB_env* env, const Environment::Config& config, EnvironmentContext& context) {
  int rc = mdb_env_set_maxdbs(env, kTableCount);
  if (rc == 0) rc = mdb_env_set_maxreaders(env, config.readers_max);
  if (rc == 0) rc = mdb_env_set_mapsize(env, config.map_bytes);
  if (rc == 0) rc = mdb_env_set_userctx(env, &context);
  if (rc == 0) rc = mdb_env_set_assert(env, OnBrokenInvariant);
  return rc;
}

// The first transaction of an environment; it may be a write where a read has no slot left. What
// LMDB answers.
int BeginFirst(MDB_env* env, unsigned flags, TransactionHandle& txn) {
  int rc = txn.Begin(env, nullptr, flags);
  for (int i = 0; i < 8; ++i) {
    if (rc == MDB_MAP_RESIZED) {
      // Another process has grown the file since this one mapped it; nobody reads here yet.
      rc = mdb_env_set_mapsize(env, 0);
      if (rc != 0) break;
    } else if (rc == MDB_READERS_FULL) {
      flags = 0;  // a writer needs no slot
    } else {
      break;
    }
    rc = txn.Begin(env, nullptr, flags);
  }
  return rc;
}

}  // namespace

Result<std::unique_ptr<Environment>> Environment::Open(const Config& config) {
  MDB_env* handle = nullptr;
  if (const int rc = mdb_env_create(&handle); rc != 0) return LmdbError(rc, "open the store");
  std::unique_ptr<Environment> environment(new Environment(handle, config.broken));
  BAILEE_RETURN_IF_ERROR(ReserveLockFile(config.directory, config.readers_max));
  int rc = Configure(handle, config, environment->context_);
  // Never WRITEMAP, NOSYNC, NOMETASYNC, MAPASYNC, NOMEMINIT: a commit that returned is on disk, and
  // what was in memory by chance does not get there.
  if (rc == 0) rc = mdb_env_open(handle, config.directory.c_str(), MDB_NOTLS, 0600);
  if (rc != 0) return LmdbError(rc, "open the store");
  mdb_filehandle_t fd = -1;
  BAILEE_CHECK(mdb_env_get_fd(handle, &fd) == 0);
  if (fcntl(fd, F_SETFD, FD_CLOEXEC) != 0) return LmdbError(errno, "open the store");
  environment->context_.turns.Use(fd);
  int dead = 0;
  rc = FreeDeadReaders(handle, dead);
  if (rc != 0) return LmdbError(rc, "look for dead readers");
  if (config.check_pages) BAILEE_RETURN_IF_ERROR(environment->CheckPages(config.check_pages));
  BAILEE_RETURN_IF_ERROR(environment->OpenTables(config.create_tables));
  return environment;
}

Environment::~Environment() { mdb_env_close(env_); }

Status Environment::CheckPages(const std::function<Status()>& check) {
  TransactionHandle held;
  const int rc = BeginFirst(env_, MDB_RDONLY, held);
  return rc == 0 ? check() : LmdbError(rc, "open the store");
}

Status Environment::OpenTables(bool create) {
  TransactionHandle txn;
  int rc = BeginFirst(env_, create ? 0 : MDB_RDONLY, txn);
  if (rc != 0) return LmdbError(rc, "open the tables");
  BAILEE_RETURN_IF_ERROR(OpenTablesIn(txn.get(), create));
  // Handles opened in a transaction that aborts are lost, or worse, half kept.
  rc = txn.Commit();
  return rc == 0 ? Status() : LmdbError(rc, "open the tables");
}

Status Environment::OpenTablesIn(MDB_txn* txn, bool create) {
  int rc = mdb_dbi_open(txn, nullptr, 0, &main_table_);
  size_t missing = 0;
  for (size_t i = 0; i < kTableCount && rc == 0; ++i) {
    const std::string name(TableName(static_cast<Table>(i)));
    rc = mdb_dbi_open(txn, name.c_str(), create ? MDB_CREATE : 0, &tables_[i]);
    if (rc == MDB_NOTFOUND) {
      ++missing;
      rc = 0;
      continue;
    }
    unsigned flags = 0;
    if (rc == 0) rc = mdb_dbi_flags(txn, tables_[i], &flags);
    if (rc == 0 && flags != 0) rc = MDB_INCOMPATIBLE;
  }
  if (rc == 0 && missing == kTableCount) rc = MDB_INVALID;
  if (rc == 0 && missing > 0) rc = MDB_BAD_DBI;
  return rc == 0 ? Status() : LmdbError(rc, "open the tables");
}

uint64_t Environment::map_bytes() const {
  MDB_envinfo info = {};
  BAILEE_CHECK(mdb_env_info(env_, &info) == 0);
  return info.me_mapsize;
}

uint64_t Environment::file_bytes() const { return static_cast<uint64_t>(FileInfo(env_).st_size); }

void Environment::LengthenFile() {
  MDB_stat main = {};
  BAILEE_CHECK(mdb_env_stat(env_, &main) == 0);
  const auto bytes_named = [&] {
    MDB_envinfo info = {};
    BAILEE_CHECK(mdb_env_info(env_, &info) == 0);
    return (static_cast<uint64_t>(info.me_last_pgno) + 1) * main.ms_psize;
  };
  if (file_bytes() >= bytes_named()) return;
  // The length changes only under the write lock, so that nobody's pages are cut off.
  TransactionHandle lock;
  if (lock.Begin(env_, nullptr, 0) != 0) return;
  const uint64_t wanted = bytes_named();
  mdb_filehandle_t fd = -1;
  BAILEE_CHECK(mdb_env_get_fd(env_, &fd) == 0);
  if (file_bytes() < wanted && ftruncate(fd, static_cast<off_t>(wanted)) == 0) (void)fdatasync(fd);
}

}  // namespace bailee::store
