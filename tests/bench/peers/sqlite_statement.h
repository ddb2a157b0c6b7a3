// SPDX-License-Identifier: Apache-2.0
#pragma once

#ifdef BAILEE_PEER_SQLCIPHER
#define SQLITE_HAS_CODEC
#include <sqlcipher/sqlite3.h>
#else
#include <sqlite3.h>
#endif

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "bench/must.h"

namespace bailee::bench {

// A raw key: no derivation from a passphrase at open.
inline constexpr const char* kSqlcipherKey =
    "PRAGMA key = \"x'2DD29CA851E7B56E4697B0E1F08507293D761A05CE4D1B628663F411A8086D99'\"";

// A statement between one use and the next.
class Statement {
 public:
  Statement(sqlite3* db, const char* sql) : db_(db) {
    Must(sqlite3_prepare_v2(db, sql, -1, &statement_, nullptr) == SQLITE_OK, sqlite3_errmsg(db));
  }
  ~Statement() { sqlite3_finalize(statement_); }
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  Statement& Bind(int at, uint64_t number) {
    Must(sqlite3_bind_int64(statement_, at, static_cast<sqlite3_int64>(number)) == SQLITE_OK,
         sqlite3_errmsg(db_));
    return *this;
  }
  Statement& Bind(int at, std::string_view bytes) {
    Must(sqlite3_bind_blob(statement_, at, bytes.data(), static_cast<int>(bytes.size()),
                           SQLITE_STATIC) == SQLITE_OK,
         sqlite3_errmsg(db_));
    return *this;
  }
  // As above, where `bytes` do not live until it ran.
  Statement& BindCopy(int at, std::string_view bytes) {
    Must(sqlite3_bind_blob(statement_, at, bytes.data(), static_cast<int>(bytes.size()),
                           SQLITE_TRANSIENT) == SQLITE_OK,
         sqlite3_errmsg(db_));
    return *this;
  }
  // Whether there is a row.
  bool Step() {
    const int code = sqlite3_step(statement_);
    Must(code == SQLITE_ROW || code == SQLITE_DONE, sqlite3_errmsg(db_));
    return code == SQLITE_ROW;
  }
  void Run() {
    while (Step()) {
    }
    Reset();
  }
  void Reset() { sqlite3_reset(statement_); }
  uint64_t Number(int column) {
    return static_cast<uint64_t>(sqlite3_column_int64(statement_, column));
  }
  std::string_view Bytes(int column) {
    const void* at = sqlite3_column_blob(statement_, column);
    return {static_cast<const char*>(at),
            static_cast<size_t>(sqlite3_column_bytes(statement_, column))};
  }

 private:
  sqlite3* db_;
  sqlite3_stmt* statement_ = nullptr;
};

// What tables of figures call it.
inline std::string SqliteName([[maybe_unused]] sqlite3* db) {
#ifdef BAILEE_PEER_SQLCIPHER
  Statement version(db, "PRAGMA cipher_version");
  version.Step();
  return "SQLCipher " + std::string(version.Bytes(0));
#else
  return std::string("SQLite ") + sqlite3_libversion() + " and libsodium";
#endif
}

inline uint64_t NowMs() {
  return static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(
                                   std::chrono::system_clock::now().time_since_epoch())
                                   .count());
}

}  // namespace bailee::bench
