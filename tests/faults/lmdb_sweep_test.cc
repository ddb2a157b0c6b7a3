// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <lmdb.h>

#include <array>

#include "faults/lmdb_calls.h"
#include "faults/plans.h"
#include "store/lmdb_engine.h"
#include "store/store_test_util.h"
#include "support/error_is.h"
#include "support/must.h"
#include "support/temporary_directory.h"

// Every operation, with every call of LMDB answering every error that it has.
namespace bailee::faults {
namespace {

class ArmedLmdb final : public Armed {
 public:
  ArmedLmdb(int code, size_t nth, bool for_ever)
      : calls_([this, code, nth, for_ever](size_t number) {
          if (number != nth && (!for_ever || number < nth)) return 0;
          struck_ = true;
          return code;
        }) {}
  bool Struck() const override { return struck_; }
  size_t Seen() const override { return LmdbCalls::seen(); }

 private:
  bool struck_ = false;
  LmdbCalls calls_;
};

std::vector<Plan> LmdbPlans() {
  std::vector<Plan> plans;
  for (const bool for_ever : {false, true}) {
    for (const LmdbCode& each : LmdbCodes()) {
      plans.push_back({std::string(each.name) + (for_ever ? " for ever" : " once"),
                       [code = each.code, for_ever](size_t nth) -> Arm {
                         return [=] { return std::make_unique<ArmedLmdb>(code, nth, for_ever); };
                       }});
    }
  }
  return plans;
}

// A row that cannot be read is not one that is damaged: whoever passes over the latter in a write
// would commit the half of it.
TEST(LmdbCodesEverywhere, OfAReadEndTheWriteThatPassedOverThem) {
  const testing::TemporaryDirectory directory;
  const auto engine = Must(store::CreateLmdb(directory / "vault", store::SmallOptions()));
  int answer = 0;
  const auto fails = [&](const auto& read) {
    const LmdbCalls calls([&](size_t) { return answer; });
    EXPECT_FALSE(testing::StatusOf(read()).ok());
  };
  const Bytes key = {'k'};
  const auto nothing = [](ByteView, ByteView) { return true; };
  for (int n = 0; n < 6; ++n) {
    const int way = n % 3;
    // One that says damage, and one that says that the row asked for cannot be.
    answer = n < 3 ? MDB_CORRUPTED : MDB_BAD_VALSIZE;
    const Status written = engine->Write([&](store::WriteTransaction& write) -> Status {
      const std::array<ByteView, 1> keys = {key};
      std::array<std::optional<ByteView>, 1> values;
      if (way == 0) fails([&] { return write.Get(store::Table::kMeta, key); });
      if (way == 1) fails([&] { return write.GetMany(store::Table::kMeta, keys, values); });
      if (way == 2) fails([&] { return write.Scan(store::Table::kMeta, {}, {}, nothing); });
      return write.Put(store::Table::kMeta, key, key);
    });
    EXPECT_EQ(written.code(), n < 3 ? Code::kDamage : Code::kInvalidValue) << n;
    const auto snapshot = Must(engine->Read());
    EXPECT_FALSE(Must(snapshot->Get(store::Table::kMeta, key)).has_value()) << n;
  }
}

TEST(LmdbCodesEverywhere, AreAnsweredTruthfullyAndLeaveNothingHalfDone) {
  RunSweep({.plans = LmdbPlans(),
            .stride = 1'200,
            .counting = [] { return std::make_unique<ArmedLmdb>(0, ~size_t{0}, false); },
            .of = [](const Operation& each) { return each.kind != Operation::Kind::kAlone; }});
}

}  // namespace
}  // namespace bailee::faults
