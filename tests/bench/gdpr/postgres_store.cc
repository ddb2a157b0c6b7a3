// SPDX-License-Identifier: Apache-2.0
//
// PostgreSQL with pgcrypto, set as tests/bench/peers/postgres_peer.cc is: metadata and data of a
// record are sealed in the server, and keyed hashes of fields are found by, with an index of each.
// A query is one statement that audits itself.
#include <map>
#include <memory>
#include <vector>

#include "bench/gdpr/peer_fields.h"
#include "bench/gdpr/store.h"
#include "bench/peers/postgres_client.h"
#include "bench/peers/throwaway_postgres.h"

namespace bailee::bench::gdpr {
namespace {

std::string Column(size_t field) { return "f" + std::to_string(field); }

std::string Tables() {
  std::string tables =
      "CREATE EXTENSION pgcrypto; CREATE TABLE records(id bigint PRIMARY KEY, metadata bytea NOT "
      "NULL, data bytea NOT NULL";
  for (const Field field : kIndexed) tables += ", " + Column(field) + " bytea NOT NULL";
  tables +=
      "); ALTER TABLE records ALTER COLUMN metadata SET STORAGE PLAIN;"
      "ALTER TABLE records ALTER COLUMN data SET STORAGE PLAIN;";
  for (const Field field : kIndexed)
    tables += "CREATE INDEX by_" + Column(field) + " ON records(" + Column(field) + ");";
  return tables +
         "CREATE TABLE audit(id bigserial PRIMARY KEY, at timestamptz NOT NULL DEFAULT now(), "
         "actor text NOT NULL, purpose text NOT NULL, action int NOT NULL, record bigint, "
         "field int, records bigint NOT NULL, outcome int NOT NULL);";
}

// A statement that grows, with its values.
struct Sql {
  std::string text;
  std::vector<std::string> values;

  // Where `value` goes, as `type`.
  std::string At(const std::string& value, const std::string& type) {
    values.push_back(value);
    return "$" + std::to_string(values.size()) + "::" + type;
  }
  std::string Sealed(const std::string& plain) {
    return "pgp_sym_encrypt(" + plain + ", " + At(kPostgresKey, "text") + ", " + kSealing + ")";
  }
  std::string Opened(const std::string& sealed) {
    return "pgp_sym_decrypt(" + sealed + ", " + At(kPostgresKey, "text") + ")";
  }
  std::string Tag(const std::string& plain) {
    return "substr(hmac(" + plain + ", " + At(kPostgresIndexKey, "text") + ", 'sha256'), 1, 16)";
  }
  std::string Where(const Selection& selection) {
    std::string where =
        selection.by == By::kKey
            ? "id = " + At(std::to_string(selection.number), "bigint")
            : Column(FieldOf(selection.by)) + " = " + Tag(At(selection.value, "text"));
    if (!selection.purpose.empty())
      where += " AND " + Column(kPurpose) + " = " + Tag(At(selection.purpose, "text"));
    return " WHERE " + where;
  }
  // A member of a WITH that audits what another, `of`, came to.
  std::string Audit(Role role, Action action, const Selection& selection, const std::string& of) {
    return "audited AS (INSERT INTO audit(actor, purpose, action, record, field, records, outcome) "
           "SELECT 'tester', " +
           At(AuditPurpose(role, selection), "text") + ", " +
           At(std::to_string(static_cast<int>(action)), "int") + ", " +
           At(std::to_string(selection.number), "bigint") + ", " +
           At(std::to_string(static_cast<int>(selection.by)), "int") + ", count(*), 1 FROM " + of +
           ")";
  }
};

class PostgresStore final : public Store {
 public:
  PostgresStore(std::unique_ptr<ThrowawayPostgres> server, Role role)
      : role_(role),
        server_(std::move(server)),
        connection_(PQconnectdb(server_->connection().c_str())) {
    Must(PQstatus(connection_) == CONNECTION_OK, PQerrorMessage(connection_));
    PQsetNoticeProcessor(
        connection_, [](void*, const char*) {}, nullptr);
    Do(Tables().c_str());
  }
  ~PostgresStore() override { PQfinish(connection_); }

  std::string Name() const override {
    return "PostgreSQL " + std::string(PQparameterStatus(connection_, "server_version")) +
           " and pgcrypto";
  }

  void Load(std::span<const Row> rows) override { Insert(rows, Action::kLoad); }
  void Loaded() override { Do("ANALYZE records"); }
  void Create(const Row& row) override { Insert({&row, 1}, Action::kCreate); }

  Answer Read(const Selection& selection, Part part) override {
    Sql sql;
    sql.text = "WITH r AS MATERIALIZED (SELECT id, metadata, data FROM records" +
               sql.Where(selection) + "), " + sql.Audit(role_, Action::kRead, selection, "r") +
               " SELECT id";
    if (part != Part::kData) sql.text += ", " + sql.Opened("metadata");
    if (part != Part::kMetadata) sql.text += ", " + sql.Opened("data");
    sql.text += " FROM r";
    const PostgresAnswer read = Run(sql);
    Answer answer{.count = read.rows(), .digest = 0};
    for (size_t row = 0; row < read.rows(); ++row) AddTo(answer, read, row, part);
    return answer;
  }

  uint64_t UpdateAll(const Row& row) override {
    Sql sql;
    std::string set = "metadata = " + sql.Sealed(sql.At(JoinMetadata(row.fields), "text")) +
                      ", data = " + sql.Sealed(sql.At(row.fields[kData], "text"));
    for (const Field field : kIndexed)
      set += ", " + Column(field) + " = " + sql.Tag(sql.At(row.fields[field], "text"));
    return Change(sql, Action::kUpdate, {.number = row.number, .value = {}, .purpose = {}},
                  "UPDATE records SET " + set);
  }

  uint64_t UpdateData(uint64_t number, const std::string& value) override {
    Sql sql;
    const std::string set = "data = " + sql.Sealed(sql.At(value, "text"));
    return Change(sql, Action::kUpdate, {.number = number, .value = {}, .purpose = {}},
                  "UPDATE records SET " + set);
  }

  uint64_t UpdateMetadata(const Selection& selection, Field field,
                          const std::string& value) override {
    Sql sql;
    // Arrays count from 1.
    const std::string before = "[:" + std::to_string(field) + "]";
    const std::string after = "[" + std::to_string(field + 2) + ":]";
    std::string text = "WITH r AS MATERIALIZED (SELECT id, string_to_array(" +
                       sql.Opened("metadata") + ", E'\\x1f') AS m FROM records" +
                       sql.Where(selection) + "), changed AS (UPDATE records AS t SET metadata = " +
                       sql.Sealed("array_to_string(r.m" + before + " || " + sql.At(value, "text") +
                                  " || r.m" + after + ", E'\\x1f')");
    if (IsIndexed(field)) text += ", " + Column(field) + " = " + sql.Tag(sql.At(value, "text"));
    sql.text = text + " FROM r WHERE t.id = r.id RETURNING 1), " +
               sql.Audit(role_, Action::kUpdate, selection, "changed") +
               " SELECT count(*) FROM changed";
    return Durably(sql);
  }

  uint64_t Delete(const Selection& selection) override {
    Sql sql;
    return Change(sql, Action::kDelete, selection, "DELETE FROM records");
  }

  bool IsDeleted(uint64_t number) override {
    const Selection selection{.number = number, .value = {}, .purpose = {}};
    Sql sql;
    sql.text = "WITH r AS MATERIALIZED (SELECT id FROM records" + sql.Where(selection) + "), " +
               sql.Audit(role_, Action::kVerify, selection, "r") + " SELECT id FROM r";
    return Run(sql).rows() == 0;
  }

  uint64_t ReadLog(uint64_t count) override {
    Sql sql;
    sql.text = "WITH r AS MATERIALIZED (SELECT * FROM audit ORDER BY id DESC LIMIT " +
               sql.At(std::to_string(count), "bigint") + "), " +
               sql.Audit(role_, Action::kLog, {.value = {}, .purpose = {}}, "r") +
               " SELECT * FROM r";
    return Run(sql).rows();
  }

  uint64_t LogSize() override {
    return PostgresAnswer(PQexec(connection_, "SELECT count(*) FROM audit")).Number(0);
  }

  void Finish() override {}

  uint64_t Bytes() override {
    return PostgresAnswer(PQexec(connection_, "SELECT pg_total_relation_size('records')"))
        .Number(0);
  }

 private:
  void Insert(std::span<const Row> rows, Action action) {
    std::vector<std::string> arrays(3 + std::size(kIndexed));
    for (const Row& row : rows) {
      AddQuoted(arrays[0], std::to_string(row.number));
      AddQuoted(arrays[1], JoinMetadata(row.fields));
      AddQuoted(arrays[2], row.fields[kData]);
      for (size_t i = 0; i < std::size(kIndexed); ++i)
        AddQuoted(arrays[3 + i], row.fields[kIndexed[i]]);
    }
    Sql sql;
    std::string columns = "id, metadata, data";
    std::string names = "id, m, d";
    std::string from = sql.At(arrays[0] + "}", "bigint[]");
    std::string values = "k.id, " + sql.Sealed("k.m") + ", " + sql.Sealed("k.d");
    for (size_t i = 1; i < arrays.size(); ++i) {
      from += ", " + sql.At(arrays[i] + "}", "text[]");
      if (i < 3) continue;
      const std::string column = Column(kIndexed[i - 3]);
      columns += ", " + column;
      names += ", " + column;
      values += ", " + sql.Tag("k." + column);
    }
    sql.text = "WITH changed AS (INSERT INTO records(" + columns + ") SELECT " + values +
               " FROM unnest(" + from + ") AS k(" + names + ") RETURNING 1), " +
               sql.Audit(role_, action, {.number = rows.front().number, .value = {}, .purpose = {}},
                         "changed") +
               " SELECT count(*) FROM changed";
    Must(Durably(sql) == rows.size(), "postgres: not all was stored");
  }

  static void AddTo(Answer& answer, const PostgresAnswer& read, size_t row, Part part) {
    const uint64_t number = std::stoull(std::string(read.View(row, 0)));
    int column = 1;
    if (part != Part::kData) {
      Fields fields;
      SplitMetadata(read.View(row, column++), fields);
      for (size_t field = 0; field < kMetadataFields; ++field)
        answer.AddValue(number, field, fields[field]);
    }
    if (part != Part::kMetadata) answer.AddValue(number, kData, read.View(row, column));
  }

  // What begins with `change`, on what is selected. Returns how many were changed.
  uint64_t Change(Sql& sql, Action action, const Selection& selection, const std::string& change) {
    const std::string where = sql.Where(selection);
    sql.text = "WITH changed AS (" + change + where + " RETURNING 1), " +
               sql.Audit(role_, action, selection, "changed") + " SELECT count(*) FROM changed";
    return Durably(sql);
  }

  PostgresAnswer Run(const Sql& sql) {
    auto known = prepared_.find(sql.text);
    if (known == prepared_.end()) {
      known = prepared_.emplace(sql.text, "s" + std::to_string(prepared_.size())).first;
      PostgresAnswer(PQprepare(connection_, known->second.c_str(), sql.text.c_str(), 0, nullptr));
    }
    std::vector<const char*> texts;
    for (const std::string& value : sql.values) texts.push_back(value.c_str());
    return PostgresAnswer(PQexecPrepared(connection_, known->second.c_str(),
                                         static_cast<int>(texts.size()), texts.data(), nullptr,
                                         nullptr, 0));
  }

  // In a transaction that is on the disk when it returns.
  uint64_t Durably(const Sql& sql) {
    Do("BEGIN; SET LOCAL synchronous_commit = on");
    const uint64_t count = Run(sql).Number(0);
    Do("COMMIT");
    return count;
  }

  void Do(const char* sql) { PostgresAnswer(PQexec(connection_, sql)); }

  const Role role_;
  std::unique_ptr<ThrowawayPostgres> server_;
  PGconn* connection_;
  std::map<std::string, std::string> prepared_;  // statements, to their names
};

}  // namespace

std::unique_ptr<Store> OpenStore(const StoreOptions& options, std::string* why_not) {
  std::vector<std::string> settings = PostgresSettings();
  settings.emplace_back("shared_buffers=4GB");
  auto server = ThrowawayPostgres::Start(options.directory, settings, why_not);
  if (server == nullptr) return nullptr;
  return std::make_unique<PostgresStore>(std::move(server), options.role);
}

}  // namespace bailee::bench::gdpr
