// SPDX-License-Identifier: Apache-2.0
#include "bailee/backup.h"
#include "keys/back_rows.h"
#include "vault/backup/backup_set.h"
#include "vault/inner.h"
#include "vault/stories.h"

// Where the ranges of a data stream end is for its writer to say, and each back row in them makes
// many rows.
namespace bailee {
namespace {

using store::Table;
using testing::IsOk;
using testing::StatusOf;

constexpr size_t kPurposes = 10;
constexpr size_t kFields = 50;
constexpr size_t kRecords = 21;     // of one collection
constexpr size_t kCollections = 2;  // of which each takes a transaction

std::string NameOf(char kind, size_t number) { return kind + std::to_string(number); }

// Every field is found by every purpose.
std::string PolicyOfManyLookups() {
  std::string purposes;
  std::string all;
  for (size_t p = 0; p < kPurposes; ++p) {
    purposes += "purpose { id: \"" + NameOf('p', p) + "\"  says: \"Look\" }\n";
    all += (p > 0 ? ", \"" : "\"") + NameOf('p', p) + "\"";
  }
  std::string fields;
  for (size_t f = 0; f < kFields; ++f) {
    fields += "field { id: \"" + NameOf('f', f) + "\"  kind: EMAIL";
    for (size_t p = 0; p < kPurposes; ++p)
      fields += "  lookup { purpose: \"" + NameOf('p', p) + "\" }";
    fields += " }\n";
  }
  std::string allows;
  for (size_t p = 0; p < kPurposes; ++p)
    allows += "allow { purpose: \"" + NameOf('p', p) + "\"  basis: NECESSARY }\n";
  return "name: \"many\"  version: 1  effective: \"2013-01-01\"\n" + purposes +
         "source { id: \"web\"  role: OWN }\nnotice { id: \"n1\"  purpose: [" + all +
         "]  source: \"web\" }\ncategory { id: \"note\"  says: \"A note\"  about: SUBJECT  holds: "
         "MANY\n" +
         fields + allows + "retain { purpose: [" + all + "]  days: 100  from: COLLECTION } }";
}

std::vector<std::string> EveryPurpose() {
  std::vector<std::string> purposes;
  for (size_t p = 0; p < kPurposes; ++p) purposes.push_back(NameOf('p', p));
  return purposes;
}

void Store(TempVault& temp) {
  Vault vault = temp.Open(EveryPurpose());
  for (size_t c = 0; c < kCollections; ++c) {
    Collection collection = vault.Collect(
        {.who = Who::Ref(kUser), .notice = "n1", .source = "web", .on_behalf_of = {}});
    for (size_t r = 0; r < kRecords; ++r) {
      std::vector<FieldInput> fields;
      std::vector<std::string> names;
      for (size_t f = 0; f < kFields; ++f) names.push_back(NameOf('f', f));
      for (const std::string& name : names) fields.emplace_back(name, MakeSecret("a@example.xy"));
      collection.Put("note", std::move(fields));
    }
    ASSERT_THAT(StatusOf(collection.Commit()), IsOk());
  }
}

// A data stream with all its lookups in one range, as another writer may make it.
class OneRange {
 public:
  OneRange(const crypto::RefKey& ref_key, vault::StreamReader reader, const std::string& to)
      : ref_key_(ref_key),
        reader_(std::move(reader)),
        writer_(*vault::StreamWriter::Begin(to, reader_.head(), ref_key, crypto::SystemRandom())) {}

  // Returns how many rows the range has.
  uint32_t Write() {
    Bytes message;
    while (*reader_.Next(message)) {
      switch (static_cast<vault::StreamMessage>(message[0])) {
        case vault::StreamMessage::kRows:
          Take(message);
          break;
        case vault::StreamMessage::kDataEnd:
          End(message);
          break;
        default:  // lists of the ranges that there were
          break;
      }
    }
    return rows_;
  }

 private:
  void Take(const Bytes& message) {
    const auto add = [&](ByteView key, ByteView value) {
      lookups_.Add(Table::kLookup, key, value);
      return Status();
    };
    if (message[1] == static_cast<uint8_t>(Table::kLookup)) {
      ASSERT_THAT(StatusOf(vault::ParseRows(message, add)), IsOk());
      return;
    }
    PutLookups();
    const auto skip = [](ByteView, ByteView) { return Status(); };
    const auto head = vault::ParseRows(message, skip);
    ASSERT_THAT(StatusOf(head), IsOk());
    Put(message, head->table, head->rows);
  }
  void PutLookups() {
    if (lookups_.rows() == 0) return;
    rows_ = lookups_.rows();
    Put(lookups_.Take(), Table::kLookup, rows_);
  }
  void Put(const Bytes& message, Table table, uint32_t rows) {
    ranges_.push_back({table, rows, vault::HashOfRange(message), true});
    ASSERT_THAT(writer_.Put(message), IsOk());
  }
  void End(const Bytes& message) {
    PutLookups();
    for (const Bytes& list : vault::EncodeRanges(ranges_)) ASSERT_THAT(writer_.Put(list), IsOk());
    const Bytes trailer =
        *vault::SealTrailer(reader_.head(), ref_key_, ranges_, crypto::SystemRandom());
    vault::StreamEnd end = *vault::ParseStreamEnd(BackupKind::kData, message);
    end.parts = ranges_.size();
    end.maker = writer_.maker();
    end.trailer = vault::HashOfTrailer(trailer);
    ASSERT_THAT(writer_.Put(vault::EncodeStreamEnd(BackupKind::kData, end), true), IsOk());
    ASSERT_THAT(writer_.PutTrailer(trailer), IsOk());
    ASSERT_THAT(writer_.Sync(), IsOk());
    ASSERT_THAT(writer_.Commit(BackupKind::kData), IsOk());
  }

  const crypto::RefKey& ref_key_;
  vault::StreamReader reader_;
  vault::StreamWriter writer_;
  vault::RowsMessage lookups_;
  std::vector<vault::RangeInfo> ranges_;
  uint32_t rows_ = 0;
};

TEST(RestoreOfARange, TakesMoreRowsThanOneTransaction) {
  TempVault temp{PolicyOfManyLookups()};
  Store(temp);
  const auto file = [&](std::string_view name) { return temp.directory() / name; };
  {
    Vault vault = temp.Open({});
    ASSERT_THAT(StatusOf(vault.BackUpData({.file = file("data"), .base = {}, .progress = {}})),
                IsOk());
    ASSERT_THAT(StatusOf(vault.BackUpKeys({.file = file("keys"), .base = {}, .progress = {}})),
                IsOk());
  }
  const Keyring backup = temp.Origin("backup");
  {
    const InnerVault inner(temp, {});
    const crypto::BoxOpener opener = *vault::BackupOpener(backup.keys());
    OneRange one(inner.impl().secrets().ref_key, *vault::StreamReader::Open(file("data"), opener),
                 file("one"));
    EXPECT_GT(one.Write() * (1 + keys::kBackEntriesMax), limits::kTransactionRowsMax);
  }
  const Keyring authority = temp.Origin("authority");
  const Keyring storage = temp.Origin("upkeep");
  ASSERT_THAT(
      StatusOf(RestoreVault({.directory = file("restored"),
                             .files = {file("one"), file("keys")},
                             .clock = &temp.clock(),
                             .map_bytes = uint64_t{1} << 30,
                             .epoch_path = {},
                             .progress = {}},
                            {.backup = backup, .authority = authority, .storage = storage})),
      IsOk());
  const auto lookups = [](const std::string& directory, uint8_t kind) {
    return RawRows(directory).All(Table::kLookup, Prefix(kind)).size();
  };
  EXPECT_EQ(lookups(file("restored"), keys::kFieldKind),
            kCollections * kRecords * kFields * kPurposes);
  EXPECT_EQ(lookups(file("restored"), keys::BackPrefix().front()),
            lookups(temp.path(), keys::BackPrefix().front()));
}

}  // namespace
}  // namespace bailee
