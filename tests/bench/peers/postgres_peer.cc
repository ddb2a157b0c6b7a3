// SPDX-License-Identifier: Apache-2.0
//
// PostgreSQL over a Unix socket; pgcrypto seals values in the server, under a key that goes along
// with each statement.
#include <libpq-fe.h>

#include <initializer_list>
#include <string>
#include <vector>

#include "bench/must.h"
#include "bench/peers/peer.h"
#include "bench/peers/postgres_client.h"
#include "bench/peers/throwaway_postgres.h"

namespace bailee::bench {
namespace {

enum Action : int { kPut = 1, kGet, kFind, kErase };

constexpr const char* kTables = R"(
  CREATE EXTENSION IF NOT EXISTS pgcrypto;
  CREATE TABLE IF NOT EXISTS records(
    id bigint PRIMARY KEY, subject bigint NOT NULL, tag bytea NOT NULL, sealed bytea NOT NULL);
  ALTER TABLE records ALTER COLUMN sealed SET STORAGE PLAIN;
  CREATE INDEX IF NOT EXISTS records_by_subject ON records(subject);
  CREATE INDEX IF NOT EXISTS records_by_tag ON records(tag);
  CREATE TABLE IF NOT EXISTS audit(
    id bigserial PRIMARY KEY, at timestamptz NOT NULL DEFAULT now(), actor text NOT NULL,
    purpose text NOT NULL, action int NOT NULL, subject bigint, record bigint,
    outcome int NOT NULL);)";

constexpr const char* kAudit =
    "INSERT INTO audit(actor, purpose, action, subject, record, outcome) ";

class PostgresPeer final : public Peer {
 public:
  explicit PostgresPeer(std::unique_ptr<ThrowawayPostgres> server)
      : server_(std::move(server)), connection_(PQconnectdb(server_->connection().c_str())) {
    Must(PQstatus(connection_) == CONNECTION_OK, PQerrorMessage(connection_));
    PQsetNoticeProcessor(
        connection_, [](void*, const char*) {}, nullptr);
    Do(kTables);
    Prepare();
  }
  ~PostgresPeer() override { PQfinish(connection_); }

  std::string Name() const override {
    return "PostgreSQL " + std::string(PQparameterStatus(connection_, "server_version")) +
           " and pgcrypto";
  }

  void PutBatch(std::span<const PeerRecord> records) override {
    std::string ids, subjects, addresses, values;
    for (const PeerRecord& record : records) {
      AddQuoted(ids, std::to_string(record.id));
      AddQuoted(subjects, std::to_string(record.subject));
      AddQuoted(addresses, record.address);
      AddQuoted(values, record.value);
    }
    for (std::string* array : {&ids, &subjects, &addresses, &values}) *array += '}';
    Durably([&] {
      Run("put", {ids, subjects, addresses, values, kPostgresKey, kPostgresIndexKey});
      Audit(kPut, records.front().subject, records.front().id);
    });
  }

  std::string Get(uint64_t id) override {
    const PostgresAnswer answer = Run("get", {std::to_string(id), kPostgresKey});
    Must(answer.rows() == 1, "postgres: no such record");
    const std::string plain = answer.Text(0);
    return plain.substr(plain.find(kBetween) + 1);
  }

  size_t Find(std::string_view address, uint64_t* id) override {
    const PostgresAnswer answer = Run("find", {std::string(address), kPostgresIndexKey});
    if (answer.rows() > 0) *id = answer.Number(0);
    return answer.rows();
  }

  size_t Erase(uint64_t subject) override {
    size_t count = 0;
    Durably([&] {
      count = Run("erase", {std::to_string(subject)}).changed();
      Audit(kErase, subject, 0);
    });
    return count;
  }

  uint64_t AuditRows() override {
    return PostgresAnswer(PQexec(connection_, "SELECT count(*) FROM audit")).Number(0);
  }

  uint64_t Bytes() override {
    return PostgresAnswer(PQexec(connection_, "SELECT pg_total_relation_size('records')"))
        .Number(0);
  }

 private:
  static constexpr char kBetween = '\x1f';  // an address and its value

  void Prepare() {
    const std::string put = std::string("INSERT INTO records(id, subject, tag, sealed) ") +
                            "SELECT k.id, k.subject, hmac(k.address, $6, 'sha256'), "
                            "pgp_sym_encrypt(k.address || E'\\x1f' || k.value, $5, " +
                            kSealing +
                            ")"
                            " FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[])"
                            " AS k(id, subject, address, value)";
    Define("put", put);
    // One trip and one transaction: what is read is recorded, and nothing is answered otherwise.
    Define("get", std::string("WITH r AS MATERIALIZED (SELECT id, subject, sealed FROM records "
                              "WHERE id = $1::bigint), a AS (") +
                      kAudit +
                      "SELECT 'tester', 'read', 2, subject, id, 1 FROM r) "
                      "SELECT pgp_sym_decrypt(sealed, $2) FROM r");
    Define("find", std::string("WITH r AS MATERIALIZED (SELECT id FROM records WHERE tag = "
                               "hmac($1::text, $2::text, 'sha256')), a AS (") +
                       kAudit +
                       "SELECT 'tester', 'read', 3, NULL, min(id), 1 FROM r) SELECT id FROM r");
    Define("erase", "DELETE FROM records WHERE subject = $1::bigint");
    Define("audit",
           std::string(kAudit) + "VALUES('tester', 'read', $1::int, $2::bigint, $3::bigint, 1)");
  }

  void Define(const char* name, const std::string& sql) {
    PostgresAnswer(PQprepare(connection_, name, sql.c_str(), 0, nullptr));
  }

  PostgresAnswer Run(const char* name, const std::vector<std::string>& values) {
    std::vector<const char*> texts;
    for (const std::string& value : values) texts.push_back(value.c_str());
    return PostgresAnswer(PQexecPrepared(connection_, name, static_cast<int>(texts.size()),
                                         texts.data(), nullptr, nullptr, 0));
  }

  void Do(const char* sql) { PostgresAnswer(PQexec(connection_, sql)); }

  void Audit(Action action, uint64_t subject, uint64_t record) {
    Run("audit", {std::to_string(action), std::to_string(subject), std::to_string(record)});
  }

  // In one transaction that is on the disk when it returns.
  template <typename Work>
  void Durably(const Work& work) {
    Do("BEGIN; SET LOCAL synchronous_commit = on");
    work();
    Do("COMMIT");
  }

  std::unique_ptr<ThrowawayPostgres> server_;
  PGconn* connection_;
};

}  // namespace

std::unique_ptr<Peer> OpenPeer(const PeerOptions& options, std::string* why_not) {
  std::vector<std::string> settings = PostgresSettings();
  settings.push_back(options.cache == PeerCache::kAll ? "shared_buffers=4GB"
                                                      : "shared_buffers=128kB");
  auto server = ThrowawayPostgres::Start(options.directory, settings, why_not);
  if (server == nullptr) return nullptr;
  return std::make_unique<PostgresPeer>(std::move(server));
}

}  // namespace bailee::bench
