// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "bailee/vault.h"
#include "support/temp_vault.h"
#include "vault/stories.h"

namespace bailee {
namespace {

constexpr std::string_view kPans[] = {"4111111111111111", "5500000000000004", "340000000000009",
                                      "30000000000004",   "6011000000000004", "3530111333300000"};

// Each commit of a collector is a generation of its own; a wraps row has room for four.
TEST(WriteOnly, WrapsTravelWithTheRecordFromTheFifthGenerationOn) {
  TempVault temp(PolicyText("livelook_2013"));
  std::vector<RecordId> cards;
  {
    Vault collector = temp.Open({});
    for (const std::string_view pan : kPans) {
      const Result<Collected> stored =
          collector
              .Collect({.who = Who::Ref("user-4711"),
                        .notice = "checkout-1",
                        .source = "web",
                        .on_behalf_of = {}})
              .Put("payment_card", {{"pan", MakeSecret(pan)}, {"expiry", MakeSecret("12/15")}})
              .Commit();
      ASSERT_TRUE(stored.ok()) << stored.status().message();
      cards.push_back(stored->records.front());
    }
  }
  Vault vault = temp.Open({"billing"});
  Result<Session> billing = vault.As("billing");
  ASSERT_TRUE(billing.ok());
  for (size_t i = 0; i < cards.size(); ++i) {
    const Result<Record> card = billing->Read({.who = Who::Ref("user-4711"),
                                               .category = "payment_card",
                                               .record = cards[i],
                                               .fields = {"pan"}});
    ASSERT_TRUE(card.ok()) << i << ": " << card.status().message();
    EXPECT_EQ(TextOf(card->At("pan")), kPans[i]);
  }
}

}  // namespace
}  // namespace bailee
