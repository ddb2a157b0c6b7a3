// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lmdb.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "store/engine.h"
#include "store/lmdb_turns.h"

namespace bailee::store {

// What goes with an MDB_env as its user context.
struct EnvironmentContext {
  std::atomic<bool>* broken = nullptr;  // Environment::Config::broken
  LmdbTurns turns;
};

// One open MDB_env and its tables, opened once for all. Thread-safe, except that closing and moving
// the map want no live transaction.
class Environment {
 public:
  struct Config {
    std::string directory;
    uint64_t map_bytes = 0;
    uint32_t readers_max = 0;
    bool create_tables = false;
    // Says whether the pages can be trusted, before any but the meta pages is read. A transaction
    // of this process keeps what is in use in place meanwhile. May be empty.
    std::function<Status()> check_pages;
    // Set when LMDB finds one of its own invariants broken, just before it aborts. Outlives this.
    std::atomic<bool>* broken = nullptr;
  };

  // Maps the file, frees the slots of dead readers and opens the tables.
  // Errors: kDamage, kNoVault "store.not-a-vault" (LMDB, but none of our tables), kFailed, kFull;
  // those of check_pages.
  // REQUIRES: the head of the file has been checked, or it is empty.
  static Result<std::unique_ptr<Environment>> Open(const Config& config);
  ~Environment();
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

  MDB_env* handle() const { return env_; }
  MDB_dbi table(Table table) const { return tables_[static_cast<size_t>(table)]; }
  // LMDB's table of tables, where the engine keeps its own row.
  MDB_dbi main_table() const { return main_table_; }

  uint64_t map_bytes() const;
  uint64_t file_bytes() const;

  // Lengthens the file to the last page its head names, if it is shorter (see MetaPages). Takes the
  // write lock when there is something to do. Best effort.
  void LengthenFile();

 private:
  Environment(MDB_env* env, std::atomic<bool>* broken) : env_(env) { context_.broken = broken; }
  Status CheckPages(const std::function<Status()>& check);
  Status OpenTables(bool create);
  Status OpenTablesIn(MDB_txn* txn, bool create);

  MDB_env* env_;
  EnvironmentContext context_;
  std::array<MDB_dbi, kTableCount> tables_{};
  MDB_dbi main_table_ = 0;
};

}  // namespace bailee::store
