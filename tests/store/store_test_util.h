// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gmock/gmock.h>

#include <string>
#include <utility>
#include <vector>

#include "store/lmdb_engine.h"
#include "support/child_process.h"
#include "support/temporary_directory.h"

namespace bailee::store {

inline std::ostream& operator<<(std::ostream& out, const bailee::Status& status) {
  return out << CodeWord(status.code()) << " " << status.name() << ": " << status.message();
}

MATCHER(IsOk, "") {
  if (!arg.ok()) *result_listener << arg.name() << ": " << arg.message();
  return arg.ok();
}
MATCHER_P2(Fails, code, name, "") {
  *result_listener << arg.name() << ": " << arg.message();
  return arg.code() == code && arg.name() == name;
}

// 1 MiB of map, so that growing is quick to reach; waits short enough for tests.
inline LmdbOptions SmallOptions() {
  LmdbOptions options;
  options.map_bytes = uint64_t{1} << 20;
  options.map_bytes_max = uint64_t{1} << 30;
  options.busy_wait = std::chrono::milliseconds(200);
  return options;
}
// As above, for processes that wait for each other on a busy machine.
inline LmdbOptions PatientOptions() {
  LmdbOptions options = SmallOptions();
  options.busy_wait = std::chrono::seconds(20);
  return options;
}

inline Status PutRow(Engine& engine, std::string_view key, std::string_view value,
                     Table table = Table::kRecords) {
  return engine.Write(
      [&](WriteTransaction& write) { return write.Put(table, AsBytes(key), AsBytes(value)); });
}

// The value of a row, "(none)", or the name of the error.
inline std::string GetText(Snapshot& snapshot, std::string_view key,
                           Table table = Table::kRecords) {
  auto row = snapshot.Get(table, AsBytes(key));
  if (!row.ok()) return std::string(row.status().name());
  return *row ? std::string(AsText(**row)) : "(none)";
}
inline std::string GetText(Engine& engine, std::string_view key, Table table = Table::kRecords) {
  auto snapshot = engine.Read();
  if (!snapshot.ok()) return std::string(snapshot.status().name());
  return GetText(**snapshot, key, table);
}

inline std::unique_ptr<Engine> Must(Result<std::unique_ptr<Engine>> engine) {
  EXPECT_THAT(engine.status(), IsOk());
  return engine.ok() ? *std::move(engine) : nullptr;
}

}  // namespace bailee::store
