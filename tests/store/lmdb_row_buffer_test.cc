// SPDX-License-Identifier: Apache-2.0
#include <lmdb.h>

#include <map>
#include <random>

#include "base/codec.h"
#include "base/try.h"
#include "store_test_util.h"

namespace bailee::store {
namespace {

constexpr size_t kRunRows = 200;
constexpr size_t kValueBytes = 300;

class LmdbRowBuffer : public ::testing::Test {
 protected:
  Status Write(const Engine::Job& job) { return engine_->Write(job); }
  // Rows of one run: a beginning of their own and a number.
  static Bytes KeyOf(uint64_t run, uint32_t number) {
    Bytes key;
    Writer(key).Put(run).Put(number);
    return key;
  }
  void PutRun(uint64_t run, bool backwards = false) {
    const Bytes value(kValueBytes, 7);
    ASSERT_THAT(Write([&](WriteTransaction& write) -> Status {
                  for (uint32_t i = 0; i < kRunRows; ++i) {
                    const Bytes key = KeyOf(run, backwards ? kRunRows - 1 - i : i);
                    BAILEE_RETURN_IF_ERROR(write.Insert(Table::kRecords, key, value));
                  }
                  return Status();
                }),
                IsOk());
  }
  // Bytes of rows for each byte of the leaves that hold them.
  double Fill() {
    engine_.reset();
    MDB_env* environment = nullptr;
    MDB_txn* transaction = nullptr;
    MDB_dbi table = 0;
    MDB_stat stat;
    EXPECT_EQ(mdb_env_create(&environment), 0);
    EXPECT_EQ(mdb_env_set_maxdbs(environment, 16), 0);
    EXPECT_EQ(mdb_env_open(environment, path_.c_str(), MDB_RDONLY, 0600), 0);
    EXPECT_EQ(mdb_txn_begin(environment, nullptr, MDB_RDONLY, &transaction), 0);
    EXPECT_EQ(mdb_dbi_open(transaction, "records", 0, &table), 0);
    EXPECT_EQ(mdb_stat(transaction, table, &stat), 0);
    mdb_txn_abort(transaction);
    mdb_env_close(environment);
    const double bytes = static_cast<double>(stat.ms_entries) * (kValueBytes + 12);
    return bytes / static_cast<double>(stat.ms_leaf_pages * stat.ms_psize);
  }

  testing::TemporaryDirectory directory_;
  const std::string path_ = directory_ / "vault";
  std::unique_ptr<Engine> engine_ = Must(CreateLmdb(path_, SmallOptions()));
};

// Twelve rows have room in a leaf, which are 0.914 of it; a run of 200 alone takes 17 leaves:
// 0.896.
constexpr double kGoodFill = 0.89;

TEST_F(LmdbRowBuffer, RunsFillPagesWhereverTheyGo) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 50; ++i) PutRun(random(), i % 2 == 0);
  EXPECT_GT(Fill(), kGoodFill);
}

// Behind the last row of a run are those of another, in the same leaf or the next one.
TEST_F(LmdbRowBuffer, RunsFillPagesAlsoInFrontOfOthers) {
  for (uint64_t run = 50; run > 0; --run) PutRun(run);
  EXPECT_GT(Fill(), kGoodFill);
}

// Rows of all sizes, in runs that go between those of others, and over them.
TEST_F(LmdbRowBuffer, KeepsEveryRowAsItWasPutLast) {
  std::mt19937_64 random(2);
  std::map<Bytes, Bytes> put;
  for (int i = 0; i < 60; ++i) {
    const uint64_t run = random() % 8;
    const auto first = static_cast<uint32_t>(random() % 2'000);
    ASSERT_THAT(Write([&](WriteTransaction& write) -> Status {
                  for (uint32_t number = first; number < first + 100; ++number) {
                    const Bytes key = KeyOf(run, number);
                    const Bytes value(random() % (number % 7 == 0 ? 9'000 : 1'200), uint8_t(i));
                    BAILEE_RETURN_IF_ERROR(write.Put(Table::kRecords, key, value));
                    put[key] = value;
                  }
                  return Status();
                }),
                IsOk());
  }
  std::map<Bytes, Bytes> there;
  ASSERT_THAT((*engine_->Read())
                  ->Scan(Table::kRecords, {}, {},
                         [&](ByteView key, ByteView value) {
                           there[{key.begin(), key.end()}] = {value.begin(), value.end()};
                           return true;
                         }),
              IsOk());
  EXPECT_EQ(there.size(), put.size());
  EXPECT_TRUE(there == put);
}

// What a job reads stays valid until its next change, whatever it reads meanwhile.
TEST_F(LmdbRowBuffer, WhatAJobHasReadStaysWhereItIsWhileItScans) {
  ASSERT_THAT(PutRow(*engine_, "b", "old"), IsOk());
  ASSERT_THAT(Write([&](WriteTransaction& write) -> Status {
                BAILEE_RETURN_IF_ERROR(write.Put(Table::kRecords, AsBytes("a"), AsBytes("kept")));
                BAILEE_TRY(const auto kept, write.Get(Table::kRecords, AsBytes("a")));
                BAILEE_TRY(const auto there, write.Get(Table::kRecords, AsBytes("b")));
                std::string seen;
                BAILEE_RETURN_IF_ERROR(
                    write.Scan(Table::kRecords, {}, {}, [&](ByteView key, ByteView value) {
                      seen += std::string(AsText(key)) + "=" + std::string(AsText(value)) + " ";
                      return true;
                    }));
                EXPECT_EQ(seen, "a=kept b=old ");
                EXPECT_EQ(AsText(*kept), "kept");
                EXPECT_EQ(AsText(*there), "old");
                return Status();
              }),
              IsOk());
}

TEST_F(LmdbRowBuffer, AScanShowsWhatWasPutInItsPlaceAndInsteadOfWhatWasThere) {
  for (const char* key : {"p1", "p3", "q"}) ASSERT_THAT(PutRow(*engine_, key, "old"), IsOk());
  ASSERT_THAT(Write([&](WriteTransaction& write) -> Status {
                for (const char* key : {"p", "p0", "p2", "p3", "p9", "r"})
                  BAILEE_RETURN_IF_ERROR(write.Put(Table::kRecords, AsBytes(key), AsBytes("new")));
                BAILEE_RETURN_IF_ERROR(write.Delete(Table::kRecords, AsBytes("p2")));
                const auto scanned = [&](std::string_view prefix, std::string_view from,
                                         size_t most) {
                  std::string seen;
                  EXPECT_THAT(write.Scan(Table::kRecords, AsBytes(prefix), AsBytes(from),
                                         [&](ByteView key, ByteView value) {
                                           seen += std::string(AsText(key)) + "=" +
                                                   std::string(AsText(value)) + " ";
                                           return --most > 0;
                                         }),
                              IsOk());
                  return seen;
                };
                EXPECT_EQ(scanned("p", "", 100), "p=new p0=new p1=old p3=new p9=new ");
                EXPECT_EQ(scanned("p", "p1", 100), "p1=old p3=new p9=new ");
                EXPECT_EQ(scanned("", "p9", 100), "p9=new q=old r=new ");
                EXPECT_EQ(scanned("p", "", 2), "p=new p0=new ");
                EXPECT_EQ(scanned("p", "", 3), "p=new p0=new p1=old ");
                EXPECT_EQ(scanned("p", "", 5), "p=new p0=new p1=old p3=new p9=new ");
                EXPECT_EQ(scanned("s", "", 5), "");
                return Status();
              }),
              IsOk());
}

}  // namespace
}  // namespace bailee::store
