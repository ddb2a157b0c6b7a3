// SPDX-License-Identifier: Apache-2.0
#include "store/lmdb_errors.h"

#include <lmdb.h>

#include <cerrno>
#include <string>

#include "base/check.h"

namespace bailee::store {
namespace {

struct Entry {
  int rc;
  Code code;
  const char* name;
  const char* because;
  const char* hint;
};

constexpr Entry kEntries[] = {
    {MDB_KEYEXIST, Code::kConflict, "store.exists", "the key exists already", ""},
    {MDB_MAP_FULL, Code::kFull, "store.map-full", "the map is full",
     "open the vault with a larger map"},
    {ENOSPC, Code::kFull, "store.disk-full", "the disk is full", "free some space and try again"},
    {EDQUOT, Code::kFull, "store.disk-full", "the disk quota is used up",
     "free some space and try again"},
    {EFBIG, Code::kFull, "store.file-too-large", "the file may not grow further",
     "raise the file size limit of the process or the filesystem"},
    {MDB_READERS_FULL, Code::kBusy, "store.readers-full", "every reader slot is taken",
     "end snapshots or processes that hold them and try again"},
    // The only source of EAGAIN is a reader's process id that somebody else's lock stands for.
    {EAGAIN, Code::kBusy, "store.foreign-pid-namespace",
     "another opener of this vault has the same process id",
     "let all openers share one PID namespace"},
    {EBUSY, Code::kBusy, "store.overtaken", "commits came faster than it could begin", "try again"},
    {MDB_PAGE_NOTFOUND, Code::kDamage, "store.damaged", "a page is missing",
     "run a check, then restore from a backup"},
    {MDB_CORRUPTED, Code::kDamage, "store.damaged", "a page makes no sense",
     "run a check, then restore from a backup"},
    {MDB_INVALID, Code::kNoVault, "store.not-a-vault", "the file is no store", ""},
    {MDB_INCOMPATIBLE, Code::kDamage, "store.damaged", "a table is of another kind",
     "run a check, then restore from a backup"},
    {MDB_BAD_DBI, Code::kDamage, "store.damaged", "a table is gone",
     "run a check, then restore from a backup"},
    {MDB_NOTFOUND, Code::kDamage, "store.damaged", "a row that must exist is missing",
     "run a check, then restore from a backup"},
    {MDB_VERSION_MISMATCH, Code::kTooNew, "store.too-new", "the file is of another version of LMDB",
     "use the version that wrote it"},
    {MDB_BAD_VALSIZE, Code::kInvalidValue, "store.key-size", "a key has 1 to 511 bytes", ""},
    {EIO, Code::kFailed, "store.io", "the device reported an error", "look at the system log"},
    {ENOMEM, Code::kFailed, "store.memory", "memory or address space ran out",
     "raise the limit of the process or open with a smaller map"},
    {EACCES, Code::kFailed, "store.permission", "permission denied",
     "run as the user the vault belongs to"},
    {EPERM, Code::kFailed, "store.permission", "permission denied",
     "run as the user the vault belongs to"},
    {EROFS, Code::kFailed, "store.read-only", "the filesystem is read-only",
     "mount it writable: even readers write to the lock file"},
    {EMFILE, Code::kFailed, "store.descriptors", "no file descriptor is left",
     "raise the limit of open files"},
    {ENFILE, Code::kFailed, "store.descriptors", "no file descriptor is left",
     "raise the limit of open files"},
};

}  // namespace

Status LmdbError(int rc, const char* doing) {
  BAILEE_CHECK(rc != 0);
  if (rc == MDB_PANIC) return ReopenError();
  if (rc == MDB_TXN_FULL) return TransactionTooLargeError();
  const std::string could_not = std::string("could not ") + doing + ": ";
  for (const Entry& entry : kEntries) {
    if (entry.rc == rc) return {entry.code, entry.name, could_not + entry.because, entry.hint};
  }
  return {Code::kFailed, "store.failed", could_not + "error " + std::to_string(rc)};
}

Status SnapshotsOpenError() {
  return {Code::kBusy, "store.snapshots-open", "the map must move and snapshots keep it in place",
          "end all snapshots of this process and try again"};
}

Status ReopenError() {
  return {Code::kFailed, "store.reopen", "a write error closed the store until it can reopen",
          "end all snapshots and try again; it reopens by itself"};
}

Status CommitUnclearError() {
  return {Code::kFailed, "store.commit-unclear", "whether the commit took hold is not known",
          "end all snapshots, then read back what was written"};
}

Status TransactionTooLargeError() {
  return {Code::kInvalidValue, "store.transaction-too-large",
          "one transaction changes too many rows or pages", "split the work"};
}

}  // namespace bailee::store
