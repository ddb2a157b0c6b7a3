// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "vault/stories.h"

// Handles and ids of records that the vault chooses: FORMAT.md §9.3.
namespace bailee {
namespace {

using testing::IsOk;
using testing::StatusOf;

template <typename Id>
bool AreOfOneRun(const Id& a, const Id& b) {
  return std::equal(a.bytes.begin(), a.bytes.begin() + 6, b.bytes.begin());
}

class Ids : public ::testing::Test {
 protected:
  Collected Done(const Result<Collected>& collected) {
    EXPECT_THAT(StatusOf(collected), IsOk());
    return collected.ok() ? *collected : Collected{};
  }
  Handle NewPerson() {
    return Done(vault_.Collect(Checkout(Who::Ref("user-" + std::to_string(++people_))))
                    .Put("payment_card",
                         {{"pan", MakeSecret(kCardNumber)}, {"expiry", MakeSecret("12/15")}})
                    .Commit())
        .handle;
  }
  Handle NewBrowser() {
    const std::string tag = "cookie-" + std::to_string(++browsers_);
    return Done(vault_
                    .Collect({.who = Who::Tag(tag),
                              .notice = "visit-1",
                              .source = "web",
                              .on_behalf_of = {}})
                    .Put("browser_preferences", {{"language", MakeSecret("en")}})
                    .Commit())
        .handle;
  }

  TempVault world_{PolicyText("livelook_2013")};
  Vault vault_ = world_.Open({});
  int people_ = 0;
  int browsers_ = 0;
};

// So that their rows fill pages; and no more than 64, for who shares a shard with many is renewed
// with them.
TEST_F(Ids, OfSixtyFourPeopleMadeOneAfterTheOtherLieTogether) {
  std::vector<Handle> made;
  for (int i = 0; i < 65; ++i) made.push_back(NewPerson());
  for (size_t i = 1; i < 64; ++i) {
    EXPECT_TRUE(AreOfOneRun(made[0], made[i])) << i;
    EXPECT_LT(made[i - 1].bytes, made[i].bytes) << i;
  }
  EXPECT_FALSE(AreOfOneRun(made[0], made[64]));
}

// Whoever sees a browser's handle must not see whose visit it was.
TEST_F(Ids, OfBrowsersDoNotFollowThoseOfPeople) {
  const Handle person = NewPerson();
  const Handle browser = NewBrowser();
  const Handle another = NewPerson();
  EXPECT_TRUE(AreOfOneRun(person, another));
  EXPECT_FALSE(AreOfOneRun(person, browser));
  EXPECT_EQ(another.bytes[7], person.bytes[7] + 1) << "a browser counted among people";
}

TEST_F(Ids, OfRecordsAscendInACollectionAndTellNothingOfAnother) {
  const auto collect = [&] {
    Collection collection = vault_.Collect(Checkout());
    for (int i = 0; i < 3; ++i) {
      collection.Put("payment_card",
                     {{"pan", MakeSecret(kCardNumber)}, {"expiry", MakeSecret("12/15")}});
    }
    return Done(collection.Commit()).records;
  };
  const std::vector<RecordId> first = collect();
  const std::vector<RecordId> second = collect();
  ASSERT_EQ(first.size(), 3U);
  EXPECT_LT(first[0].bytes, first[1].bytes);
  EXPECT_LT(first[1].bytes, first[2].bytes);
  EXPECT_TRUE(AreOfOneRun(first[0], first[2]));
  EXPECT_FALSE(AreOfOneRun(first[0], second[0]));
}

}  // namespace
}  // namespace bailee
