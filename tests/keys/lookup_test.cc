// SPDX-License-Identifier: Apache-2.0
#include "keys/lookup.h"

#include <gtest/gtest.h>

#include "base/codec.h"
#include "crypto/init.h"
#include "support/error_is.h"
#include "support/memory_engine.h"
#include "support/test_random.h"

namespace bailee::keys {
namespace {

using store::Table;
using testing::IsOk;

Bytes RowOf(uint64_t index, uint16_t version, const Bytes& rest) {
  Bytes key = {kFieldKind};
  Writer(key).Put(index).Put(version);
  key.insert(key.end(), rest.begin(), rest.end());
  return key;
}

Bytes Ones(size_t count) { return Bytes(count, 0xFF); }

class LookupPrefixes : public ::testing::Test {
 protected:
  void Put(const Bytes& key) {
    const Status put = engine_->Write([&](store::WriteTransaction& transaction) {
      return transaction.Put(Table::kLookup, key, Bytes{1});
    });
    ASSERT_THAT(put, IsOk());
  }
  // Those of indexes, without the two of refs and tags that are always there.
  std::vector<Bytes> Indexes() {
    const auto snapshot = engine_->Read();
    EXPECT_THAT(snapshot, IsOk());
    Result<std::vector<Bytes>> prefixes = TaggedPrefixes(**snapshot);
    EXPECT_THAT(prefixes, IsOk());
    EXPECT_GE(prefixes->size(), 2u);
    prefixes->resize(prefixes->size() - 2);
    return *prefixes;
  }

  std::unique_ptr<store::Engine> engine_ = testing::MakeMemoryEngine();
};

TEST_F(LookupPrefixes, AreOneOfEachIndexAndVersion) {
  for (uint8_t row = 1; row <= 3; ++row) {
    Put(RowOf(7, 1, Bytes(24, row)));
    Put(RowOf(7, 2, Bytes(24, row)));
    Put(RowOf(9, 1, Bytes(24, row)));
  }
  EXPECT_EQ(Indexes(), (std::vector<Bytes>{RowOf(7, 1, {}), RowOf(7, 2, {}), RowOf(9, 1, {})}));
}

// Who wrote such a row damaged the vault; a look at it has an end all the same.
TEST_F(LookupPrefixes, EndAfterARowLongerThanAnyThatIsWritten) {
  Put(RowOf(7, 1, Ones(200)));
  Put(RowOf(~uint64_t{0}, 0xFFFF, Ones(200)));
  EXPECT_EQ(Indexes(), (std::vector<Bytes>{RowOf(7, 1, {}), RowOf(~uint64_t{0}, 0xFFFF, {})}));
}

// A snapshot that counts the rows it showed.
class CountingSnapshot final : public store::Snapshot {
 public:
  explicit CountingSnapshot(std::unique_ptr<store::Snapshot> of) : of_(std::move(of)) {}
  uint64_t transaction_id() const override { return of_->transaction_id(); }
  bool current() const override { return of_->current(); }
  Result<std::optional<ByteView>> Get(Table table, ByteView key) override {
    ++shown;
    return of_->Get(table, key);
  }
  Status GetMany(Table table, std::span<const ByteView> keys,
                 std::span<std::optional<ByteView>> values) override {
    shown += keys.size();
    return of_->GetMany(table, keys, values);
  }
  Status Scan(Table table, ByteView prefix, ByteView from, const Visitor& visit) override {
    return of_->Scan(table, prefix, from, [&](ByteView key, ByteView value) {
      ++shown;
      return visit(key, value);
    });
  }
  uint64_t shown = 0;

 private:
  std::unique_ptr<store::Snapshot> of_;
};

class ListedTest : public ::testing::Test {
 protected:
  static constexpr uint64_t kMany = 1'000;

  ListedTest() {
    EXPECT_THAT(crypto::Init(), IsOk());
    vault_.bytes.fill(1);
    history_ = *crypto::HistoryKey::Generate(random_);
    crypto::EpochKey epoch = *crypto::EpochKey::Generate(random_);
    Write([&](store::WriteTransaction& transaction) {
      return CreateShards(transaction, vault_, 1, epoch, random_);
    });
    shards_.emplace(vault_, 1, std::move(epoch));
  }

  void Write(const std::function<Status(store::WriteTransaction&)>& job) {
    EXPECT_THAT(engine_->Write(job), IsOk());
  }
  static LookupTag TagOf(uint64_t value) {
    LookupTag tag{};
    StoreBigEndian(value, tag.data());
    return tag;
  }
  template <typename Id>
  static Id IdOf(uint64_t number) {
    Id id{};
    StoreBigEndian(number, id.bytes.data());
    return id;
  }
  struct Entry {
    uint64_t value;
    uint64_t person;
    uint64_t record;
  };
  // Lists records of people under values: `entry(i)`, so many.
  template <typename EntryOf>
  void List(uint64_t count, const EntryOf& entry) {
    Write([&](store::WriteTransaction& transaction) {
      Status put;
      for (uint64_t i = 0; i < count && put.ok(); ++i) {
        const Entry one = entry(i);
        const auto handle = IdOf<Handle>(one.person);
        BackEntries back;
        put = PutField({vault_, *shards_}, transaction, index_, TagOf(one.value),
                       {handle, history_}, IdOf<RecordId>(one.record), random_, back);
        if (put.ok()) put = PutBackRows(vault_, transaction, {handle, history_}, back, random_);
      }
      return put;
    });
  }
  bool IsListed(uint64_t value, uint64_t person, uint64_t record) {
    CountingSnapshot snapshot(*engine_->Read());
    const auto handle = IdOf<Handle>(person);
    const Result<bool> listed = keys::IsListed({vault_, *shards_}, snapshot, index_, TagOf(value),
                                               {handle, history_}, IdOf<RecordId>(record));
    EXPECT_THAT(listed.status(), IsOk());
    shown_ = snapshot.shown;
    return listed.ok() && *listed;
  }

  testing::TestRandom random_{19};
  VaultId vault_;
  IndexName index_{{}, 1};
  crypto::HistoryKey history_;
  std::optional<Shards> shards_;
  std::unique_ptr<store::Engine> engine_ = testing::MakeMemoryEngine();
  uint64_t shown_ = 0;
};

TEST_F(ListedTest, IsWhoWasListedUnderThatValueAndNobodyElse) {
  const Entry entries[] = {{1, 1, 1}, {2, 1, 2}, {1, 2, 1}};
  List(3, [&](uint64_t i) { return entries[i]; });
  EXPECT_TRUE(IsListed(1, 1, 1));
  EXPECT_TRUE(IsListed(2, 1, 2));
  EXPECT_FALSE(IsListed(1, 1, 2));
  EXPECT_FALSE(IsListed(2, 1, 1));
  EXPECT_FALSE(IsListed(2, 2, 1));
  EXPECT_FALSE(IsListed(3, 1, 1));
}

// Otherwise writing over all who share a value would take the square of their number.
TEST_F(ListedTest, WhereManyShareAValueItLooksAtThePersonsRowsAlone) {
  List(kMany, [](uint64_t person) { return Entry{1, person, 1}; });
  List(1, [](uint64_t) { return Entry{2, 7, 1}; });
  EXPECT_TRUE(IsListed(1, kMany - 1, 1));
  EXPECT_LT(shown_, 100u);
  EXPECT_TRUE(IsListed(1, 7, 1));
  EXPECT_FALSE(IsListed(1, 7, 2));
  EXPECT_FALSE(IsListed(1, kMany, 1));
  EXPECT_LT(shown_, 100u);
}

TEST_F(ListedTest, WhereAPersonHasManyRecordsItLooksAtTheValuesRowsAlone) {
  List(kMany, [](uint64_t record) { return Entry{record, 1, record}; });
  EXPECT_TRUE(IsListed(kMany - 1, 1, kMany - 1));
  EXPECT_LT(shown_, 100u);
  EXPECT_FALSE(IsListed(kMany, 1, 1));
  EXPECT_LT(shown_, 100u);
}

// Both are many: it has to be found all the same.
TEST_F(ListedTest, WhereThereAreManyOfBothNothingIsMissed) {
  List(100, [](uint64_t record) { return Entry{1, 1, record}; });
  List(100, [](uint64_t person) { return Entry{1, 2 + person, 1}; });
  for (uint64_t each = 0; each < 100; ++each) EXPECT_TRUE(IsListed(1, 1, each)) << each;
  EXPECT_FALSE(IsListed(1, 1, 100));
  EXPECT_FALSE(IsListed(2, 1, 1));
}

// A back row that names a row which is gone does not hide that it is.
TEST_F(ListedTest, IsNotWhoseRowIsGone) {
  List(100, [](uint64_t person) { return Entry{1, person, 1}; });
  Write([&](store::WriteTransaction& transaction) {
    std::vector<Bytes> rows;
    Status scanned =
        transaction.Scan(Table::kLookup, FieldPrefix(index_), {}, [&](ByteView key, ByteView) {
          rows.emplace_back(key.begin(), key.end());
          return true;
        });
    for (size_t i = 0; i + 50 < rows.size(); ++i) {
      if (scanned.ok()) scanned = transaction.Delete(Table::kLookup, rows[i]);
    }
    return scanned;
  });
  size_t listed = 0;
  for (uint64_t person = 0; person < 100; ++person) listed += IsListed(1, person, 1) ? 1 : 0;
  EXPECT_EQ(listed, 50u);
}

}  // namespace
}  // namespace bailee::keys
