// SPDX-License-Identifier: Apache-2.0
#include <limits>

#include "policy/support.h"
#include "policy/tables.h"

namespace bailee::policy {
namespace {

constexpr int64_t kDay = kMillisPerDay;
constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
constexpr int64_t kMin = std::numeric_limits<int64_t>::min();

// Kept 16 days for `a`, 8 for `b`: a bucket is one day wide.
constexpr char kRetentionPolicy[] = R"(name: "r" version: 1 effective: "2020-01-01"
purpose { id: "a" says: "a" }
purpose { id: "b" says: "b" }
source { id: "web" role: OWN }
notice { id: "n" purpose: ["a", "b"] }
category {
  id: "c" says: "c" about: SUBJECT holds: MANY
  field { id: "f" kind: TEXT }
  allow { purpose: ["a", "b"] basis: NECESSARY }
  retain { purpose: "a" days: 16 from: EVENT event: "closed" at_most_days: 100 }
  retain { purpose: "b" days: 8 from: COLLECTION }
}
)";

class RetentionTest : public ::testing::Test {
 protected:
  const Retention& For(std::string_view purpose) const {
    return *policy_->FindRetention(category_, policy_->FindPurpose(purpose));
  }
  PolicyPtr policy_ = Loaded(kRetentionPolicy);
  CategoryIndex category_ = policy_->FindCategory("c");
};

TEST_F(RetentionTest, FromCollectionCountsDays) {
  EXPECT_EQ(RetentionEnd(For("b"), {5}, std::nullopt).unix_ms, 5 + 8 * kDay);
  EXPECT_EQ(RetentionEnd(For("b"), {5}, Timestamp{6}).unix_ms, 5 + 8 * kDay);
}

TEST_F(RetentionTest, FromAnEventEndsAtTheLatestEvenWithoutIt) {
  EXPECT_EQ(RetentionEnd(For("a"), {5}, std::nullopt).unix_ms, 5 + 100 * kDay);
}

TEST_F(RetentionTest, FromAnEventEndsAfterItButNeverAfterTheLatest) {
  EXPECT_EQ(RetentionEnd(For("a"), {5}, Timestamp{kDay}).unix_ms, 17 * kDay);
  EXPECT_EQ(RetentionEnd(For("a"), {5}, Timestamp{99 * kDay}).unix_ms, 5 + 100 * kDay);
}

TEST_F(RetentionTest, SaturatesAtTheEndsOfTime) {
  EXPECT_EQ(RetentionEnd(For("b"), {kMax - 1}, std::nullopt).unix_ms, kMax);
  EXPECT_EQ(RetentionEnd(For("a"), {0}, Timestamp{kMin}).unix_ms, kMin + 16 * kDay);
}

TEST_F(RetentionTest, ABucketIsAnEighthOfTheShortestRetention) {
  EXPECT_EQ(policy_->category(category_).bucket_width_ms, kDay);
}

TEST_F(RetentionTest, BucketsMeetWithoutGapOrOverlap) {
  for (const int64_t day : {int64_t{-2}, int64_t{-1}, int64_t{0}, int64_t{1}, int64_t{20'000}}) {
    const Bucket first = policy_->BucketOf(category_, {day * kDay});
    EXPECT_EQ(first.number, day);
    EXPECT_EQ(first.from.unix_ms, day * kDay);
    EXPECT_EQ(first.before.unix_ms, (day + 1) * kDay);
    EXPECT_EQ(policy_->BucketOf(category_, {first.before.unix_ms - 1}).number, day);
    EXPECT_EQ(policy_->BucketOf(category_, first.before).number, day + 1);
  }
}

TEST_F(RetentionTest, BucketsOfAnyTimeAndNumberAreClamped) {
  for (const int64_t at : {kMin, kMin + 1, kMax - 1, kMax}) {
    const Bucket bucket = policy_->BucketOf(category_, {at});
    EXPECT_LE(bucket.from.unix_ms, at);
    EXPECT_GE(bucket.before.unix_ms, at);
    (void)policy_->BucketAt(category_, at);
  }
}

TEST_F(RetentionTest, WrapsOfABucketOutliveNoRecordByMoreThanAnEighth) {
  const Bucket bucket = policy_->BucketOf(category_, {3 * kDay});
  const Timestamp end = WrapEnd(For("b"), bucket, std::nullopt);
  EXPECT_EQ(end.unix_ms, 4 * kDay - 1 + 8 * kDay);
  EXPECT_EQ(end, RetentionEnd(For("b"), {4 * kDay - 1}, std::nullopt));
  EXPECT_LT(end.unix_ms - RetentionEnd(For("b"), bucket.from, std::nullopt).unix_ms, kDay);
}

TEST_F(RetentionTest, AnEventWithinTheBucketDoesNotEndIt) {
  const Bucket bucket = policy_->BucketOf(category_, {3 * kDay});
  const int64_t latest = 4 * kDay - 1 + 100 * kDay;
  EXPECT_EQ(WrapEnd(For("a"), bucket, Timestamp{4 * kDay - 1}).unix_ms, latest);
  EXPECT_EQ(WrapEnd(For("a"), bucket, Timestamp{4 * kDay}).unix_ms, 20 * kDay);
}

TEST(ParseDate, CountsDaysFrom1970) {
  EXPECT_EQ(ParseDate("1970-01-01"), 0);
  EXPECT_EQ(ParseDate("1970-12-31"), 364);
  EXPECT_EQ(ParseDate("2000-02-29"), 11'016);
  EXPECT_EQ(ParseDate("2024-03-01"), 19'783);
  EXPECT_EQ(ParseDate("9999-12-31"), 2'932'896);
}

TEST(ParseDate, TakesNothingElse) {
  for (const char* bad :
       {"", "2020-01-1", "2020-01-011", "2020/01-01", "2020-01/01", "1969-12-31", "2020-00-01",
        "2020-13-01", "2020-01-00", "2020-01-32", "2020-04-31", "2023-02-29", "2100-02-29",
        "20a0-01-01", "2020-1a-01", "2020-01-1a", "-020-01-01", "+020-01-01", "2020- 1-01"}) {
    EXPECT_EQ(ParseDate(bad), std::nullopt) << bad;
  }
}

}  // namespace
}  // namespace bailee::policy
