// SPDX-License-Identifier: Apache-2.0
//
// Compiled twice: with SQLCipher, which encrypts every page, and with SQLite, where each value is
// sealed by libsodium before it is stored (sealed_values.h).
#ifndef BAILEE_PEER_SQLCIPHER
#include "bench/peers/sealed_values.h"
#endif

#include <filesystem>
#include <initializer_list>

#include "bench/must.h"
#include "bench/peers/peer.h"
#include "bench/peers/sqlite_statement.h"

namespace bailee::bench {
namespace {

enum Action : int { kPut = 1, kGet, kFind, kErase };

constexpr const char* kTables = R"(
  CREATE TABLE IF NOT EXISTS records(
    id INTEGER PRIMARY KEY, subject INTEGER NOT NULL, address BLOB NOT NULL, value BLOB NOT NULL);
  CREATE INDEX IF NOT EXISTS records_by_subject ON records(subject);
  CREATE INDEX IF NOT EXISTS records_by_address ON records(address);
  CREATE TABLE IF NOT EXISTS audit(
    id INTEGER PRIMARY KEY, at INTEGER NOT NULL, actor TEXT NOT NULL, purpose TEXT NOT NULL,
    action INTEGER NOT NULL, subject INTEGER, record INTEGER, outcome INTEGER NOT NULL);)";

class SqlitePeer final : public Peer {
 public:
  explicit SqlitePeer(const PeerOptions& options) : path_(options.directory + "/peer.db") {
    Must(sqlite3_open(path_.c_str(), &db_) == SQLITE_OK, "sqlite: cannot open");
#ifdef BAILEE_PEER_SQLCIPHER
    Do(kSqlcipherKey);
    Do("PRAGMA cipher_page_size = 1024");
#else
    Do("PRAGMA page_size = 1024");
#endif
    Do("PRAGMA journal_mode = WAL");
    Do("PRAGMA temp_store = MEMORY");
    Do("PRAGMA secure_delete = ON");
    Do("PRAGMA wal_autocheckpoint = 65536");
    if (options.cache == PeerCache::kAll) {
      Do("PRAGMA cache_size = -8000000");  // KiB: more than any of these files
#ifndef BAILEE_PEER_SQLCIPHER
      Do("PRAGMA mmap_size = 68719476736");  // what of that the build allows; SQLCipher cannot
#endif
    } else {
      Do("PRAGMA mmap_size = 0");
      Do("PRAGMA cache_size = 1");
    }
    Do(kTables);
    Sync(false);
    Prepare();
  }
  ~SqlitePeer() override {
    statements_.reset();
    sqlite3_close(db_);
  }

  std::string Name() const override { return SqliteName(db_); }

  void PutBatch(std::span<const PeerRecord> records) override {
    Sync(true);
    auto& put = statements_->put;
    statements_->begin_write.Run();
    for (const PeerRecord& record : records) {
#ifdef BAILEE_PEER_SQLCIPHER
      put.Bind(1, record.id).Bind(2, record.subject).Bind(3, record.address).Bind(4, record.value);
      put.Run();
#else
      const std::string tag = sealed_.TagOf(record.address);
      const std::string value = sealed_.Seal(record);
      put.Bind(1, record.id).Bind(2, record.subject).Bind(3, tag).Bind(4, value).Run();
#endif
    }
    Audit(kPut, records.front().subject, records.front().id);
    statements_->commit.Run();
    Sync(false);
  }

  std::string Get(uint64_t id) override {
    statements_->begin_write.Run();
    Statement& get = statements_->get.Bind(1, id);
    Must(get.Step(), "sqlite: no such record");
    const uint64_t subject = get.Number(1);
#ifdef BAILEE_PEER_SQLCIPHER
    std::string value(get.Bytes(0));
#else
    std::string value = sealed_.Open(id, subject, get.Bytes(0));
#endif
    get.Reset();
    Audit(kGet, subject, id);
    statements_->commit.Run();
    return value;
  }

  size_t Find(std::string_view address, uint64_t* id) override {
#ifdef BAILEE_PEER_SQLCIPHER
    const std::string key(address);
#else
    const std::string key = sealed_.TagOf(address);
#endif
    statements_->begin_write.Run();
    Statement& find = statements_->find.Bind(1, key);
    size_t count = 0;
    for (; find.Step(); ++count) *id = find.Number(0);
    find.Reset();
    Audit(kFind, 0, count > 0 ? *id : 0);
    statements_->commit.Run();
    return count;
  }

  size_t Erase(uint64_t subject) override {
    Sync(true);
    statements_->begin_write.Run();
    statements_->erase.Bind(1, subject).Run();
    const auto count = static_cast<size_t>(sqlite3_changes(db_));
    Audit(kErase, subject, 0);
    statements_->commit.Run();
    // What was overwritten in the pages is still in the log.
    Do("PRAGMA wal_checkpoint(TRUNCATE)");
    Sync(false);
    return count;
  }

  uint64_t AuditRows() override {
    Statement count(db_, "SELECT count(*) FROM audit");
    count.Step();
    return count.Number(0);
  }

  uint64_t Bytes() override {
    Do("PRAGMA wal_checkpoint(TRUNCATE)");
    return std::filesystem::file_size(path_);
  }

 private:
  struct Statements {
    explicit Statements(sqlite3* db)
        : begin_write(db, "BEGIN IMMEDIATE"),
          commit(db, "COMMIT"),
          put(db, "INSERT INTO records(id, subject, address, value) VALUES(?, ?, ?, ?)"),
          get(db, "SELECT value, subject FROM records WHERE id = ?"),
          find(db, "SELECT id FROM records WHERE address = ?"),
          erase(db, "DELETE FROM records WHERE subject = ?"),
          audit(db,
                "INSERT INTO audit(at, actor, purpose, action, subject, record, outcome) "
                "VALUES(?, 'tester', 'read', ?, ?, ?, 1)") {}
    Statement begin_write, commit, put, get, find, erase, audit;
  };

  void Prepare() { statements_ = std::make_unique<Statements>(db_); }

  void Do(const char* sql) {
    Must(sqlite3_exec(db_, sql, nullptr, nullptr, nullptr) == SQLITE_OK, sqlite3_errmsg(db_));
  }

  // Whether a commit waits for the disk.
  void Sync(bool each_commit) {
    Do(each_commit ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
  }

  void Audit(Action action, uint64_t subject, uint64_t record) {
    statements_->audit.Bind(1, NowMs()).Bind(2, static_cast<uint64_t>(action));
    statements_->audit.Bind(3, subject).Bind(4, record).Run();
  }

  std::string path_;
  sqlite3* db_ = nullptr;
  std::unique_ptr<Statements> statements_;
#ifndef BAILEE_PEER_SQLCIPHER
  SealedValues sealed_;
#endif
};

}  // namespace

std::unique_ptr<Peer> OpenPeer(const PeerOptions& options, std::string*) {
  return std::make_unique<SqlitePeer>(options);
}

}  // namespace bailee::bench
