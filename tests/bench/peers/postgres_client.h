// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <libpq-fe.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "bench/must.h"

namespace bailee::bench {

inline constexpr const char* kPostgresKey =
    "2dd29ca851e7b56e4697b0e1f08507293d761a05ce4d1b628663f411a8086d99";
inline constexpr const char* kPostgresIndexKey =
    "9e1c7b8a60d2f3459e1c7b8a60d2f3459e1c7b8a60d2f3459e1c7b8a60d2f345";

// A random key needs no stretching: s2k-mode 1 hashes it once. Checked for changes by OpenPGP's own
// digest.
inline constexpr const char* kSealing = "'cipher-algo=aes256, compress-algo=0, s2k-mode=1'";

// Those of the server, but for its cache.
inline std::vector<std::string> PostgresSettings() {
  return {"synchronous_commit=off",
          "wal_writer_delay=30ms",
          "max_wal_size=8GB",
          "checkpoint_timeout=30min",
          "wal_level=minimal",
          "max_wal_senders=0",
          "jit=off",
          "max_connections=10",
          "maintenance_work_mem=256MB"};
}

// What a statement came to, which must have worked.
class PostgresAnswer {
 public:
  explicit PostgresAnswer(PGresult* result) : result_(result) {
    const ExecStatusType status = PQresultStatus(result_);
    Must(status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK, PQresultErrorMessage(result_));
  }
  ~PostgresAnswer() { PQclear(result_); }
  PostgresAnswer(const PostgresAnswer&) = delete;
  PostgresAnswer& operator=(const PostgresAnswer&) = delete;

  size_t rows() const { return static_cast<size_t>(PQntuples(result_)); }
  std::string_view View(size_t row, int column) const {
    const int at = static_cast<int>(row);
    return {PQgetvalue(result_, at, column), static_cast<size_t>(PQgetlength(result_, at, column))};
  }
  std::string Text(int column) const { return std::string(View(0, column)); }
  uint64_t Number(int column) const { return std::stoull(Text(column)); }
  size_t changed() const { return std::stoul(PQcmdTuples(result_)); }

 private:
  PGresult* result_;
};

// An element of an array, in quotes.
inline void AddQuoted(std::string& array, std::string_view text) {
  array += array.empty() ? "{\"" : ",\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') array += '\\';
    array += c;
  }
  array += '"';
}

}  // namespace bailee::bench
