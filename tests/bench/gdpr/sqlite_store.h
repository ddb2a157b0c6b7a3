// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "bench/gdpr/peer_fields.h"
#include "bench/gdpr/store.h"
#include "bench/peers/sqlite_statement.h"
#ifndef BAILEE_PEER_SQLCIPHER
#include "bench/peers/sealed_values.h"
#endif

namespace bailee::bench::gdpr {

// SQLCipher with a column for each field; or SQLite, where libsodium seals metadata and data of
// each record, and keyed hashes are found by. Set as tests/bench/peers/sqlite_peer.cc is, with an
// index of each field that records are named by.
class SqliteStore final : public Store {
 public:
  explicit SqliteStore(const StoreOptions& options);
  ~SqliteStore() override;

  std::string Name() const override;
  void Load(std::span<const Row> rows) override;
  void Loaded() override;
  void Create(const Row& row) override;
  Answer Read(const Selection& selection, Part part) override;
  uint64_t UpdateAll(const Row& row) override;
  uint64_t UpdateData(uint64_t number, const std::string& value) override;
  uint64_t UpdateMetadata(const Selection& selection, Field field,
                          const std::string& value) override;
  uint64_t Delete(const Selection& selection) override;
  bool IsDeleted(uint64_t number) override;
  uint64_t ReadLog(uint64_t count) override;
  uint64_t LogSize() override;
  void Finish() override;
  uint64_t Bytes() override;

 private:
  // What is stored of a row, a text for each column but the first, which is its number.
  std::vector<std::string> StoredOf(const Row& row) const;
  // What a column that is found by has for a value.
  std::string IndexedOf(const std::string& value) const;
  void AddTo(Answer& answer, Statement& row, Part part) const;

  // A statement, prepared once; with a selection's values bound from `first` on.
  Statement& Prepared(const std::string& sql);
  Statement& Prepared(const std::string& sql, const Selection& selection, int first);
  void Insert(const Row& row);
  uint64_t ChangedBy(Statement& statement);
  void Audit(Action action, const Selection& selection, uint64_t records);
  // In a transaction that is on the disk when it returns, with its audit.
  template <typename Work>
  uint64_t Durably(Action action, const Selection& selection, const Work& work);
  void Do(const char* sql) const;

  const Role role_;
  std::string path_;
  sqlite3* db_ = nullptr;
  std::map<std::string, Statement, std::less<>> statements_;
#ifndef BAILEE_PEER_SQLCIPHER
  SealedValues sealed_;
#endif
};

}  // namespace bailee::bench::gdpr
