// SPDX-License-Identifier: Apache-2.0
#include <filesystem>

#include "store_test_util.h"
#include "support/child_process.h"

namespace bailee::store {
namespace {

using testing::Channel;
using testing::ChildProcess;

class LmdbCompact : public ::testing::Test {
 protected:
  LmdbCompact() {
    const auto engine = Must(CreateLmdb(vault_, {}));
    for (int i = 0; i < 200; ++i)
      EXPECT_THAT(PutRow(*engine, "row " + std::to_string(i), std::string(3'000, 'x')), IsOk());
    EXPECT_THAT(engine->Write([](WriteTransaction& write) -> Status {
      for (int i = 0; i < 150; ++i)
        EXPECT_THAT(write.Delete(Table::kRecords, AsBytes("row " + std::to_string(i))), IsOk());
      return {};
    }),
                IsOk());
  }

  testing::TemporaryDirectory directory_;
  const std::string vault_ = directory_ / "vault";
};

TEST_F(LmdbCompact, KeepsEveryRowAndGoesOnCounting) {
  uint64_t transaction = 0;
  {
    const auto engine = Must(OpenLmdb(vault_, {}));
    const auto before = *engine->Measure();
    ASSERT_THAT(engine->Compact(), IsOk());
    const auto after = *engine->Measure();
    EXPECT_LT(after.file_bytes, before.file_bytes / 2);
    EXPECT_GE(after.last_transaction_id, before.last_transaction_id);
    EXPECT_LE(after.last_transaction_id, before.last_transaction_id + 1);
    EXPECT_EQ(after.rows[static_cast<size_t>(Table::kRecords)], 50u);
    EXPECT_EQ(GetText(*engine, "row 199"), std::string(3'000, 'x'));
    ASSERT_THAT(PutRow(*engine, "later", "y"), IsOk());
    ASSERT_THAT(PutRow(*engine, "later still", "z"), IsOk());
    transaction = engine->Measure()->last_transaction_id;
    EXPECT_EQ(transaction, after.last_transaction_id + 2);
  }
  const auto engine = Must(OpenLmdb(vault_, {}));
  EXPECT_EQ(engine->Measure()->last_transaction_id, transaction);
  EXPECT_EQ(GetText(*engine, "later"), "y");
  EXPECT_EQ(GetText(*engine, "later still"), "z");
}

TEST_F(LmdbCompact, RefusesWhileAnotherProcessHasTheStoreAndNamesIt) {
  ChildProcess other([&](const Channel& channel) {
    const auto engine = Must(OpenLmdb(vault_, {}));
    channel.Send('o');
    return channel.Receive() == 'e' ? 0 : 1;
  });
  ASSERT_EQ(other.channel().Receive(), 'o');
  const auto engine = Must(OpenLmdb(vault_, {}));
  const Status refused = engine->Compact();
  EXPECT_THAT(refused, Fails(Code::kBusy, "store.in-use"));
  EXPECT_THAT(std::string(refused.message()), ::testing::HasSubstr(std::to_string(other.pid())));
  other.channel().Send('e');
  EXPECT_EQ(other.Join(), 0);
  EXPECT_THAT(engine->Compact(), IsOk());
}

TEST_F(LmdbCompact, WaitsForNoSnapshotForEver) {
  LmdbOptions options;
  options.busy_wait = std::chrono::milliseconds(20);
  const auto engine = Must(OpenLmdb(vault_, options));
  {
    const auto snapshot = *engine->Read();
    EXPECT_THAT(engine->Compact(), Fails(Code::kBusy, "store.snapshots-open"));
    EXPECT_EQ(GetText(*snapshot, "row 199").front(), 'x');
  }
  EXPECT_THAT(engine->Compact(), IsOk());
}

TEST_F(LmdbCompact, WhatOneThatDidNotEndLeftIsRemoved) {
  std::filesystem::create_directory(vault_ + "/compact");
  std::filesystem::copy_file(vault_ + "/data.mdb", vault_ + "/compact/data.mdb");
  const auto engine = Must(OpenLmdb(vault_, {}));
  EXPECT_FALSE(std::filesystem::exists(vault_ + "/compact"));
  EXPECT_EQ(GetText(*engine, "row 199"), std::string(3'000, 'x'));
}

}  // namespace
}  // namespace bailee::store
