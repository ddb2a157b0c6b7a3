// SPDX-License-Identifier: Apache-2.0
#include "bench/gdpr/sqlite_store.h"

#include <filesystem>

namespace bailee::bench::gdpr {
namespace {

// Names of columns by field; what is found by is in those of kIndexed.
std::string Column(size_t field) { return "f" + std::to_string(field); }

#ifdef BAILEE_PEER_SQLCIPHER
// One for each field.
std::vector<std::string> Columns() {
  std::vector<std::string> columns;
  for (size_t field = 0; field < kFieldCount; ++field) columns.push_back(Column(field));
  return columns;
}
#else
// Hashes to find by, and two that are sealed.
std::vector<std::string> Columns() {
  std::vector<std::string> columns;
  for (const Field field : kIndexed) columns.push_back(Column(field));
  columns.insert(columns.end(), {"metadata", "data"});
  return columns;
}
enum Bound : uint64_t { kBoundMetadata = 1, kBoundData };
#endif

std::string Listed(const std::vector<std::string>& words, std::string_view between) {
  std::string listed;
  for (const std::string& word : words)
    listed += (listed.empty() ? "" : std::string(between)) + word;
  return listed;
}

std::string Where(const Selection& selection) {
  std::string where = selection.by == By::kKey ? "id" : Column(FieldOf(selection.by));
  where = " WHERE " + where + " = ?";
  if (!selection.purpose.empty()) where += " AND " + Column(kPurpose) + " = ?";
  return where;
}

}  // namespace

SqliteStore::SqliteStore(const StoreOptions& options)
    : role_(options.role), path_(options.directory + "/peer.db") {
  Must(sqlite3_open(path_.c_str(), &db_) == SQLITE_OK, "sqlite: cannot open");
#ifdef BAILEE_PEER_SQLCIPHER
  Do(kSqlcipherKey);
  Do("PRAGMA cipher_page_size = 1024");
#else
  Do("PRAGMA page_size = 1024");
  Do("PRAGMA mmap_size = 68719476736");
#endif
  Do("PRAGMA journal_mode = WAL");
  Do("PRAGMA temp_store = MEMORY");
  Do("PRAGMA secure_delete = ON");
  Do("PRAGMA wal_autocheckpoint = 65536");
  Do("PRAGMA cache_size = -8000000");
  std::string tables = "CREATE TABLE records(id INTEGER PRIMARY KEY";
  for (const std::string& column : Columns()) tables += ", " + column + " BLOB NOT NULL";
  tables += ");";
  for (const Field field : kIndexed)
    tables += "CREATE INDEX by_" + Column(field) + " ON records(" + Column(field) + ");";
  tables +=
      "CREATE TABLE audit(id INTEGER PRIMARY KEY, at INTEGER NOT NULL, actor TEXT NOT NULL, "
      "purpose TEXT NOT NULL, action INTEGER NOT NULL, record INTEGER, field INTEGER, "
      "records INTEGER NOT NULL, outcome INTEGER NOT NULL)";
  Do(tables.c_str());
  Do("PRAGMA synchronous = NORMAL");
}

SqliteStore::~SqliteStore() {
  statements_.clear();
  sqlite3_close(db_);
}

std::string SqliteStore::Name() const { return SqliteName(db_); }

std::vector<std::string> SqliteStore::StoredOf(const Row& row) const {
#ifdef BAILEE_PEER_SQLCIPHER
  return {row.fields.begin(), row.fields.end()};
#else
  std::vector<std::string> stored;
  for (const Field field : kIndexed) stored.push_back(IndexedOf(row.fields[field]));
  stored.push_back(sealed_.SealText(row.number, kBoundMetadata, JoinMetadata(row.fields)));
  stored.push_back(sealed_.SealText(row.number, kBoundData, row.fields[kData]));
  return stored;
#endif
}

std::string SqliteStore::IndexedOf(const std::string& value) const {
#ifdef BAILEE_PEER_SQLCIPHER
  return value;
#else
  return sealed_.TagOf(value);
#endif
}

// Of a row of the columns id and those of ReadColumns.
void SqliteStore::AddTo(Answer& answer, Statement& row, Part part) const {
  const uint64_t number = row.Number(0);
  int column = 1;
  ++answer.count;
#ifdef BAILEE_PEER_SQLCIPHER
  if (part != Part::kData)
    for (size_t field = 0; field < kMetadataFields; ++field)
      answer.AddValue(number, field, row.Bytes(column++));
  if (part != Part::kMetadata) answer.AddValue(number, kData, row.Bytes(column));
#else
  if (part != Part::kData) {
    Fields fields;
    SplitMetadata(sealed_.OpenText(number, kBoundMetadata, row.Bytes(column++)), fields);
    for (size_t field = 0; field < kMetadataFields; ++field)
      answer.AddValue(number, field, fields[field]);
  }
  if (part != Part::kMetadata)
    answer.AddValue(number, kData, sealed_.OpenText(number, kBoundData, row.Bytes(column)));
#endif
}

Statement& SqliteStore::Prepared(const std::string& sql) {
  const auto known = statements_.find(sql);
  if (known != statements_.end()) return known->second;
  return statements_.try_emplace(sql, db_, sql.c_str()).first->second;
}

Statement& SqliteStore::Prepared(const std::string& sql, const Selection& selection, int first) {
  Statement& statement = Prepared(sql + Where(selection));
  if (selection.by == By::kKey) {
    statement.Bind(first++, selection.number);
  } else {
    statement.BindCopy(first++, IndexedOf(selection.value));
  }
  if (!selection.purpose.empty()) statement.BindCopy(first, IndexedOf(selection.purpose));
  return statement;
}

uint64_t SqliteStore::ChangedBy(Statement& statement) {
  statement.Run();
  return static_cast<uint64_t>(sqlite3_changes(db_));
}

void SqliteStore::Audit(Action action, const Selection& selection, uint64_t records) {
  Statement& audit = Prepared(
      "INSERT INTO audit(at, actor, purpose, action, record, field, records, outcome) "
      "VALUES(?, 'tester', ?, ?, ?, ?, ?, 1)");
  const std::string purpose = AuditPurpose(role_, selection);
  audit.Bind(1, NowMs()).Bind(2, purpose).Bind(3, static_cast<uint64_t>(action));
  audit.Bind(4, selection.number).Bind(5, static_cast<uint64_t>(selection.by));
  audit.Bind(6, records).Run();
}

template <typename Work>
uint64_t SqliteStore::Durably(Action action, const Selection& selection, const Work& work) {
  Do("PRAGMA synchronous = FULL");
  Prepared("BEGIN IMMEDIATE").Run();
  const uint64_t changed = work();
  Audit(action, selection, changed);
  Prepared("COMMIT").Run();
  Do("PRAGMA synchronous = NORMAL");
  return changed;
}

void SqliteStore::Insert(const Row& row) {
  const std::vector<std::string> stored = StoredOf(row);
  std::string sql = "INSERT INTO records(id, " + Listed(Columns(), ", ") + ") VALUES(?";
  for (size_t i = 0; i < stored.size(); ++i) sql += ", ?";
  Statement& insert = Prepared(sql + ")");
  insert.Bind(1, row.number);
  for (size_t i = 0; i < stored.size(); ++i) insert.Bind(static_cast<int>(i) + 2, stored[i]);
  insert.Run();
}

void SqliteStore::Load(std::span<const Row> rows) {
  Durably(Action::kLoad, {.number = rows.front().number, .value = {}, .purpose = {}}, [&] {
    for (const Row& row : rows) Insert(row);
    return rows.size();
  });
}

void SqliteStore::Loaded() { Do("ANALYZE"); }

void SqliteStore::Create(const Row& row) {
  Durably(Action::kCreate, {.number = row.number, .value = {}, .purpose = {}}, [&] {
    Insert(row);
    return uint64_t{1};
  });
}

Answer SqliteStore::Read(const Selection& selection, Part part) {
#ifdef BAILEE_PEER_SQLCIPHER
  std::vector<std::string> columns = Columns();
  if (part == Part::kData) columns = {columns.back()};
  if (part == Part::kMetadata) columns.pop_back();
#else
  std::vector<std::string> columns;
  if (part != Part::kData) columns.emplace_back("metadata");
  if (part != Part::kMetadata) columns.emplace_back("data");
#endif
  Prepared("BEGIN IMMEDIATE").Run();
  Statement& read = Prepared("SELECT id, " + Listed(columns, ", ") + " FROM records", selection, 1);
  Answer answer;
  while (read.Step()) AddTo(answer, read, part);
  read.Reset();
  Audit(Action::kRead, selection, answer.count);
  Prepared("COMMIT").Run();
  return answer;
}

uint64_t SqliteStore::UpdateAll(const Row& row) {
  const Selection selection{.number = row.number, .value = {}, .purpose = {}};
  return Durably(Action::kUpdate, selection, [&] {
    const std::vector<std::string> stored = StoredOf(row);
    Statement& update =
        Prepared("UPDATE records SET " + Listed(Columns(), " = ?, ") + " = ? WHERE id = ?");
    int at = 1;
    for (const std::string& each : stored) update.Bind(at++, each);
    return ChangedBy(update.Bind(at, row.number));
  });
}

uint64_t SqliteStore::UpdateData(uint64_t number, const std::string& value) {
  const Selection selection{.number = number, .value = {}, .purpose = {}};
  return Durably(Action::kUpdate, selection, [&] {
#ifdef BAILEE_PEER_SQLCIPHER
    const std::string column = Column(kData);
    const std::string& stored = value;
#else
    const std::string column = "data";
    const std::string stored = sealed_.SealText(number, kBoundData, value);
#endif
    Statement& update = Prepared("UPDATE records SET " + column + " = ? WHERE id = ?");
    return ChangedBy(update.Bind(1, stored).Bind(2, number));
  });
}

#ifdef BAILEE_PEER_SQLCIPHER
uint64_t SqliteStore::UpdateMetadata(const Selection& selection, Field field,
                                     const std::string& value) {
  return Durably(Action::kUpdate, selection, [&] {
    Statement& update =
        Prepared("UPDATE records SET " + Column(field) + " = ?", selection, 2).Bind(1, value);
    return ChangedBy(update);
  });
}
#else
uint64_t SqliteStore::UpdateMetadata(const Selection& selection, Field field,
                                     const std::string& value) {
  return Durably(Action::kUpdate, selection, [&] {
    // Before any is changed: what is found by may be what changes.
    std::vector<std::pair<uint64_t, std::string>> found;
    Statement& find = Prepared("SELECT id, metadata FROM records", selection, 1);
    while (find.Step()) found.emplace_back(find.Number(0), find.Bytes(1));
    find.Reset();
    const std::string indexed = IndexedOf(value);
    Statement& update =
        Prepared("UPDATE records SET metadata = ?" +
                 (IsIndexed(field) ? ", " + Column(field) + " = ?3" : "") + " WHERE id = ?2");
    for (const auto& [number, sealed] : found) {
      Fields fields;
      SplitMetadata(sealed_.OpenText(number, kBoundMetadata, sealed), fields);
      fields[field] = value;
      const std::string again = sealed_.SealText(number, kBoundMetadata, JoinMetadata(fields));
      update.Bind(1, again).Bind(2, number);
      if (IsIndexed(field)) update.Bind(3, indexed);
      update.Run();
    }
    return uint64_t{found.size()};
  });
}
#endif

uint64_t SqliteStore::Delete(const Selection& selection) {
  return Durably(Action::kDelete, selection,
                 [&] { return ChangedBy(Prepared("DELETE FROM records", selection, 1)); });
}

bool SqliteStore::IsDeleted(uint64_t number) {
  const Selection selection{.number = number, .value = {}, .purpose = {}};
  Prepared("BEGIN IMMEDIATE").Run();
  Statement& look = Prepared("SELECT 1 FROM records", selection, 1);
  const bool there = look.Step();
  look.Reset();
  Audit(Action::kVerify, selection, there ? 1 : 0);
  Prepared("COMMIT").Run();
  return !there;
}

uint64_t SqliteStore::ReadLog(uint64_t count) {
  Prepared("BEGIN IMMEDIATE").Run();
  Statement& look = Prepared("SELECT * FROM audit ORDER BY id DESC LIMIT ?");
  look.Bind(1, count);
  uint64_t read = 0;
  while (look.Step()) read += look.Bytes(2).empty() ? 0 : 1;
  look.Reset();
  Audit(Action::kLog, {.value = {}, .purpose = {}}, read);
  Prepared("COMMIT").Run();
  return read;
}

uint64_t SqliteStore::LogSize() {
  Statement& look = Prepared("SELECT count(*) FROM audit");
  look.Step();
  const uint64_t size = look.Number(0);
  look.Reset();
  return size;
}

void SqliteStore::Finish() { Do("PRAGMA wal_checkpoint(TRUNCATE)"); }

uint64_t SqliteStore::Bytes() {
  Finish();
  return std::filesystem::file_size(path_);
}

void SqliteStore::Do(const char* sql) const {
  Must(sqlite3_exec(db_, sql, nullptr, nullptr, nullptr) == SQLITE_OK, sqlite3_errmsg(db_));
}

std::unique_ptr<Store> OpenStore(const StoreOptions& options, std::string*) {
  return std::make_unique<SqliteStore>(options);
}

}  // namespace bailee::bench::gdpr
