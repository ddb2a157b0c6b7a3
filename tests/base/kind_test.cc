// SPDX-License-Identifier: Apache-2.0
#include "base/kind.h"

#include <gtest/gtest.h>

namespace bailee {
namespace {

static_assert(HasView(Kind::kPan, Transform::kLast4), "usable at compile time");

TEST(Kind, IsReadBackFromItsWord) {
  for (const Kind kind : kKinds) EXPECT_EQ(ParseKind(KindWord(kind)), kind);
}

TEST(Kind, HasTheNumbersThatAreStored) {
  EXPECT_EQ(static_cast<int>(Kind::kText), 1);
  EXPECT_EQ(static_cast<int>(Kind::kPassword), 7);
  EXPECT_EQ(static_cast<int>(Kind::kBlob), 16);
  for (size_t i = 0; i < kKinds.size(); ++i) EXPECT_EQ(static_cast<size_t>(kKinds[i]), i + 1);
}

TEST(Kind, IsNotReadFromAnyOtherWord) {
  for (const char* word : {"", "text", "TEXT ", "UNKNOWN", "CVV"}) {
    EXPECT_FALSE(ParseKind(word).has_value()) << word;
  }
}

TEST(Kind, HasAWordForAnyNumber) {
  EXPECT_EQ(KindWord(static_cast<Kind>(0)), "UNKNOWN");
  EXPECT_EQ(KindWord(static_cast<Kind>(17)), "UNKNOWN");
}

TEST(Transform, IsReadBackFromItsWord) {
  for (const Transform transform : kTransforms) {
    EXPECT_EQ(ParseTransform(TransformWord(transform)), transform);
  }
}

TEST(Transform, IsNotReadFromAnyOtherWord) {
  for (const char* word : {"", "NONE", "last4", "UNKNOWN"}) {
    EXPECT_FALSE(ParseTransform(word).has_value()) << word;
  }
}

TEST(Transform, HasAWordForAnyNumber) {
  EXPECT_EQ(TransformWord(Transform::kNone), "NONE");
  EXPECT_EQ(TransformWord(static_cast<Transform>(99)), "UNKNOWN");
}

TEST(HasView, IsNeverTrueOfAPassword) {
  for (const Transform transform : kTransforms) {
    EXPECT_FALSE(HasView(Kind::kPassword, transform));
  }
  EXPECT_FALSE(HasIndexForm(Kind::kPassword));
}

TEST(HasView, IsFalseOfNoTransformAndOfUnknownNumbers) {
  for (const Kind kind : kKinds) {
    EXPECT_FALSE(HasView(kind, Transform::kNone));
    EXPECT_FALSE(HasView(kind, static_cast<Transform>(99)));
  }
}

TEST(HasView, IsTrueForEveryTransformOfSomeKind) {
  for (const Transform transform : kTransforms) {
    bool some = false;
    for (const Kind kind : kKinds) some = some || HasView(kind, transform);
    EXPECT_TRUE(some) << TransformWord(transform);
  }
}

}  // namespace
}  // namespace bailee
