// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "bailee/reason.h"
#include "bailee/status.h"

namespace bailee {
namespace {

TEST(Reason, EveryOneHasAWordOfItsOwnThatParsesBack) {
  std::set<std::string_view> words;
  for (uint8_t i = 1; i <= kReasonCount; ++i) {
    const auto reason = static_cast<Reason>(i);
    const std::string_view word = ReasonWord(reason);
    EXPECT_FALSE(word.empty()) << int{i};
    EXPECT_TRUE(words.insert(word).second) << word;
    EXPECT_EQ(ParseReason(word), reason);
  }
  EXPECT_EQ(ReasonWord(Reason::kNotCollectedFor), "not-collected-for");
  EXPECT_EQ(ReasonWord(Reason::kSubjectErased), "subject-erased");
}

TEST(Reason, OtherWordsAreNone) {
  for (const char* word : {"", "Not-collected-for", "unknown", "not-collected-for "}) {
    EXPECT_FALSE(ParseReason(word).has_value()) << word;
  }
}

TEST(Code, EveryOneHasAWordOfItsOwn) {
  std::set<std::string_view> words;
  for (uint8_t i = 0; i <= static_cast<uint8_t>(Code::kErased); ++i) {
    EXPECT_TRUE(words.insert(CodeWord(static_cast<Code>(i))).second) << int{i};
  }
  EXPECT_EQ(CodeWord(Code::kOk), "ok");
  EXPECT_EQ(CodeWord(Code::kErased), "erased");
  EXPECT_EQ(CodeWord(Code::kAuditDown), "audit-down");
}

TEST(Status, CarriesWhatItWasGiven) {
  const Status status(Code::kBusy, "store.locked", "somebody writes", "wait");
  EXPECT_FALSE(status.ok());
  EXPECT_EQ(status.code(), Code::kBusy);
  EXPECT_EQ(status.name(), "store.locked");
  EXPECT_EQ(status.message(), "somebody writes");
  EXPECT_EQ(status.hint(), "wait");
  EXPECT_EQ(status.refusal(), nullptr);
}

TEST(Status, SuccessSaysNothing) {
  const Status status;
  EXPECT_TRUE(status.ok());
  EXPECT_EQ(status.code(), Code::kOk);
  EXPECT_EQ(status.name(), "ok");
  EXPECT_EQ(status.message(), "");
}

TEST(Status, ARefusalNamesItsFirstReasonRuleClauseAndOffer) {
  const Status status = Status::Refused({.reasons = {Reason::kNotCollectedFor, Reason::kHeld},
                                         .clause = "LL-02",
                                         .rule = "payment_card allows support: pan.last4",
                                         .offer = "ask for pan.last4"});
  EXPECT_EQ(status.code(), Code::kRefused);
  EXPECT_EQ(status.name(), "refused.not-collected-for");
  EXPECT_EQ(status.message(), "not-collected-for: payment_card allows support: pan.last4 (LL-02)");
  EXPECT_EQ(status.hint(), "ask for pan.last4");
  ASSERT_NE(status.refusal(), nullptr);
  EXPECT_EQ(status.refusal()->reasons.size(), 2U);
}

TEST(StatusDeathTest, AnErrorWithoutACodeOrARefusalWithoutAReasonStops) {
  EXPECT_DEATH((void)Status(Code::kOk, "x", "y"), "broken invariant");
  EXPECT_DEATH((void)Status(Code::kRefused, "x", "y"), "broken invariant");
  EXPECT_DEATH((void)Status::Refused({}), "broken invariant");
}

}  // namespace
}  // namespace bailee
