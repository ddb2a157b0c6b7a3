// SPDX-License-Identifier: Apache-2.0
#include "audit/floods.h"

#include <gtest/gtest.h>

namespace bailee::audit {
namespace {

using std::chrono_literals::operator""ns;

Event RefusalOf(std::string_view category, int64_t at) {
  static constexpr Reason kWhy[] = {Reason::kNotCollectedFor};
  return {.kind = EventKind::kRead,
          .outcome = Outcome::kRefused,
          .at = {at},
          .purpose = "contact.news",
          .category = category,
          .reasons = kWhy,
          .transaction = static_cast<uint64_t>(at)};
}

const Floods::Instant kStart{std::chrono::hours(1)};

// What a trail does: asks, and records unless told that the event was counted.
std::optional<DecisionId> Refuse(Floods& floods, const Event& event, Floods::Instant now,
                                 uint64_t& next) {
  if (const auto of = floods.Count(event, now)) return of;
  floods.Recorded(event, {{}, false, next++}, now);
  return std::nullopt;
}

TEST(Floods, RecordTheFirstOfAWindowAndCountTheRest) {
  Floods floods;
  uint64_t next = 0;
  uint32_t counted = 0;
  for (int64_t i = 0; i < 1'000; ++i) {
    if (Refuse(floods, RefusalOf("payment_card", i), kStart, next)) ++counted;
  }
  EXPECT_EQ(next, Floods::kRecordedEach);
  EXPECT_EQ(counted, 1'000 - Floods::kRecordedEach);
  EXPECT_TRUE(floods.TakeEnded(kStart + Floods::kWindow / 2).empty());
  const auto ended = floods.TakeEnded(kStart + Floods::kWindow);
  ASSERT_EQ(ended.size(), 1u);
  EXPECT_EQ(ended[0].repeats, counted);
  EXPECT_EQ(ended[0].of.number, Floods::kRecordedEach - 1);
  EXPECT_EQ(ended[0].event.category, "payment_card");
  EXPECT_EQ(ended[0].event.at.unix_ms, int64_t{Floods::kRecordedEach});
  EXPECT_EQ(ended[0].event.transaction, uint64_t{Floods::kRecordedEach});
  EXPECT_EQ(ended[0].event.reasons, std::vector<Reason>{Reason::kNotCollectedFor});
}

TEST(Floods, AreOfOneKindEach) {
  Floods floods;
  uint64_t next = 0;
  for (int64_t i = 0; i < Floods::kRecordedEach; ++i) {
    EXPECT_FALSE(Refuse(floods, RefusalOf("payment_card", i), kStart, next));
    EXPECT_FALSE(Refuse(floods, RefusalOf("account", i), kStart, next));
  }
  EXPECT_TRUE(Refuse(floods, RefusalOf("account", 1), kStart, next));
  Event other = RefusalOf("account", 1);
  other.handle.bytes[3] = 1;
  EXPECT_FALSE(Refuse(floods, other, kStart, next));
}

TEST(Floods, BeginAnewWithEachWindow) {
  Floods floods;
  uint64_t next = 0;
  for (int window = 0; window < 3; ++window) {
    const auto now = kStart + window * Floods::kWindow;
    for (int64_t i = 0; i < 100; ++i) (void)Refuse(floods, RefusalOf("account", i), now, next);
    EXPECT_EQ(next, Floods::kRecordedEach * static_cast<uint64_t>(window + 1));
    ASSERT_EQ(floods.TakeEnded(now + Floods::kWindow).size(), 1u);
  }
}

TEST(Floods, EndAWindowOnTime) {
  Floods floods;
  uint64_t next = 0;
  const auto refuse_as_often_as_is_recorded = [&](Floods::Instant now) {
    for (int64_t i = 0; i < Floods::kRecordedEach; ++i) {
      EXPECT_FALSE(Refuse(floods, RefusalOf("account", i), now, next));
    }
  };
  refuse_as_often_as_is_recorded(kStart);
  refuse_as_often_as_is_recorded(kStart + Floods::kWindow);
  EXPECT_TRUE(Refuse(floods, RefusalOf("account", 1), kStart + 2 * Floods::kWindow - 1ns, next));
  EXPECT_FALSE(Refuse(floods, RefusalOf("account", 1), kStart + 2 * Floods::kWindow, next));
}

TEST(Floods, ForgetNothingThatWasCountedWhenTheWindowIsLate) {
  Floods floods;
  uint64_t next = 0;
  uint64_t seen = 0;
  for (int64_t i = 0; i < 100; ++i) {
    const auto now = kStart + i * Floods::kWindow / 20;
    (void)Refuse(floods, RefusalOf("account", i), now, next);
    ++seen;
  }
  uint64_t repeats = 0;
  for (const auto& each : floods.TakeAll()) repeats += each.repeats;
  EXPECT_EQ(next + repeats, seen);
}

TEST(Floods, OfMoreKindsThanAreWatchedAreRecordedEach) {
  Floods floods;
  uint64_t next = 0;
  for (size_t i = 0; i < Floods::kKindsMax + 10; ++i) {
    (void)Refuse(floods, RefusalOf("c" + std::to_string(i), 0), kStart, next);
  }
  const auto counted_of = [&](size_t kind) {
    size_t counted = 0;
    for (size_t i = 0; i < 100; ++i) {
      if (Refuse(floods, RefusalOf("c" + std::to_string(kind), 0), kStart, next)) ++counted;
    }
    return counted;
  };
  EXPECT_EQ(counted_of(Floods::kKindsMax), 0u);
  EXPECT_EQ(counted_of(Floods::kKindsMax + 5), 0u);
  EXPECT_EQ(counted_of(Floods::kKindsMax - 1), 101 - Floods::kRecordedEach) << "is watched";
}

}  // namespace
}  // namespace bailee::audit
