// SPDX-License-Identifier: Apache-2.0
#include "faults/lmdb_calls.h"

#include <dlfcn.h>
#include <lmdb.h>

#include <array>
#include <cerrno>
#include <mutex>

namespace bailee::faults {
namespace {

struct Watch {
  std::recursive_mutex mutex;
  LmdbCalls::Judge judge;
  size_t seen = 0;
};

Watch& TheWatch() {
  static auto* const watch = new Watch;
  return *watch;
}

// Some calls of LMDB make others, through the same names.
thread_local int t_depth = 0;

int Verdict() {
  Watch& watch = TheWatch();
  const std::lock_guard lock(watch.mutex);
  if (!watch.judge || t_depth > 0) return 0;
  return watch.judge(watch.seen++);
}

template <typename Function, typename... Arguments>
int Made(Function* real, Arguments... arguments) {
  ++t_depth;
  const int rc = real(arguments...);
  --t_depth;
  return rc;
}

template <typename Function>
Function* Real(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

constexpr std::array kCodes = {
    LmdbCode{MDB_PAGE_NOTFOUND, "PAGE_NOTFOUND"},
    LmdbCode{MDB_CORRUPTED, "CORRUPTED"},
    LmdbCode{MDB_PANIC, "PANIC"},
    LmdbCode{MDB_VERSION_MISMATCH, "VERSION_MISMATCH"},
    LmdbCode{MDB_INVALID, "INVALID"},
    LmdbCode{MDB_MAP_FULL, "MAP_FULL"},
    LmdbCode{MDB_DBS_FULL, "DBS_FULL"},
    LmdbCode{MDB_READERS_FULL, "READERS_FULL"},
    LmdbCode{MDB_TLS_FULL, "TLS_FULL"},
    LmdbCode{MDB_TXN_FULL, "TXN_FULL"},
    LmdbCode{MDB_CURSOR_FULL, "CURSOR_FULL"},
    LmdbCode{MDB_PAGE_FULL, "PAGE_FULL"},
    LmdbCode{MDB_MAP_RESIZED, "MAP_RESIZED"},
    LmdbCode{MDB_INCOMPATIBLE, "INCOMPATIBLE"},
    LmdbCode{MDB_BAD_RSLOT, "BAD_RSLOT"},
    LmdbCode{MDB_BAD_TXN, "BAD_TXN"},
    LmdbCode{MDB_BAD_VALSIZE, "BAD_VALSIZE"},
    LmdbCode{MDB_BAD_DBI, "BAD_DBI"},
    LmdbCode{EIO, "EIO"},
    LmdbCode{ENOSPC, "ENOSPC"},
    LmdbCode{ENOMEM, "ENOMEM"},
    LmdbCode{EACCES, "EACCES"},
    LmdbCode{EAGAIN, "EAGAIN"},
    LmdbCode{EINVAL, "EINVAL"},
};

}  // namespace

LmdbCalls::LmdbCalls(Judge judge) {
  Watch& watch = TheWatch();
  const std::lock_guard lock(watch.mutex);
  watch.seen = 0;
  watch.judge = std::move(judge);
}

LmdbCalls::~LmdbCalls() {
  Watch& watch = TheWatch();
  const std::lock_guard lock(watch.mutex);
  watch.judge = nullptr;
}

size_t LmdbCalls::seen() { return TheWatch().seen; }

std::span<const LmdbCode> LmdbCodes() { return kCodes; }

}  // namespace bailee::faults

// NOLINTBEGIN: the names are those of LMDB.
using bailee::faults::Made;
using bailee::faults::Real;
using bailee::faults::Verdict;

#define BAILEE_LMDB_CALL(name, parameters, ...)                      \
  int name parameters {                                              \
    static auto* const real = Real<int parameters>(#name);           \
    if (const int verdict = Verdict(); verdict != 0) return verdict; \
    return Made(real, __VA_ARGS__);                                  \
  }

extern "C" {

// Left out is what LMDB refuses to a null pointer or an environment in a wrong state alone, for
// instance mdb_env_info: that would be a defect of ours, at which we stop.
BAILEE_LMDB_CALL(mdb_env_create, (MDB_env * *env), env)
BAILEE_LMDB_CALL(mdb_env_open,
                 (MDB_env * env, const char* path, unsigned int flags, mdb_mode_t mode), env, path,
                 flags, mode)
BAILEE_LMDB_CALL(mdb_env_set_mapsize, (MDB_env * env, size_t size), env, size)
BAILEE_LMDB_CALL(mdb_env_sync, (MDB_env * env, int force), env, force)
BAILEE_LMDB_CALL(mdb_txn_begin, (MDB_env * env, MDB_txn* parent, unsigned int flags, MDB_txn** txn),
                 env, parent, flags, txn)
BAILEE_LMDB_CALL(mdb_txn_renew, (MDB_txn * txn), txn)
BAILEE_LMDB_CALL(mdb_dbi_open,
                 (MDB_txn * txn, const char* name, unsigned int flags, MDB_dbi* table), txn, name,
                 flags, table)
BAILEE_LMDB_CALL(mdb_dbi_flags, (MDB_txn * txn, MDB_dbi table, unsigned int* flags), txn, table,
                 flags)
BAILEE_LMDB_CALL(mdb_stat, (MDB_txn * txn, MDB_dbi table, MDB_stat* stat), txn, table, stat)
BAILEE_LMDB_CALL(mdb_get, (MDB_txn * txn, MDB_dbi table, MDB_val* key, MDB_val* value), txn, table,
                 key, value)
BAILEE_LMDB_CALL(mdb_put,
                 (MDB_txn * txn, MDB_dbi table, MDB_val* key, MDB_val* value, unsigned int flags),
                 txn, table, key, value, flags)
BAILEE_LMDB_CALL(mdb_del, (MDB_txn * txn, MDB_dbi table, MDB_val* key, MDB_val* value), txn, table,
                 key, value)
BAILEE_LMDB_CALL(mdb_cursor_open, (MDB_txn * txn, MDB_dbi table, MDB_cursor** cursor), txn, table,
                 cursor)
BAILEE_LMDB_CALL(mdb_cursor_get,
                 (MDB_cursor * cursor, MDB_val* key, MDB_val* value, MDB_cursor_op operation),
                 cursor, key, value, operation)
BAILEE_LMDB_CALL(mdb_reader_list, (MDB_env * env, MDB_msg_func* function, void* context), env,
                 function, context)
BAILEE_LMDB_CALL(mdb_reader_check, (MDB_env * env, int* dead), env, dead)

int mdb_txn_commit(MDB_txn* txn) {
  static auto* const real = Real<int(MDB_txn*)>("mdb_txn_commit");
  if (const int verdict = Verdict(); verdict != 0) {
    mdb_txn_abort(txn);
    return verdict;
  }
  return Made(real, txn);
}

}  // extern "C"
// NOLINTEND
